import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { ClouderError, messageOf } from "#core/error";

/** The text behind `-f`: of a file, or of standard input for `-`. */
export async function readDocument(path: string, what = "a document"): Promise<string> {
  try {
    // Not /dev/stdin: that cannot be opened when it is a socket.
    return await (path === "-" ? text(process.stdin) : readFile(path, "utf8"));
  } catch (error) {
    throw new ClouderError(
      "usage",
      `cannot read ${path === "" ? '""' : path}: ${messageOf(error)}`,
      {
        hint: `give the file of ${what}, or - for standard input`,
        cause: error,
      },
    );
  }
}
