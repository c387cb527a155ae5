import { readFile } from "node:fs/promises";
import { ClouderError, messageOf } from "#core/error";

/** The text behind `-f`: of a file, or of standard input for `-`. */
export async function readDocument(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (error) {
    throw new ClouderError("usage", `cannot read ${path}: ${messageOf(error)}`, {
      hint: "give the file of a document, or - for standard input",
      cause: error,
    });
  }
}
