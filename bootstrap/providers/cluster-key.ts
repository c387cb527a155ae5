import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ClouderError, messageOf } from "#core/error";

/** The cluster's own SSH key, made when it is missing (0600); gives the public line. */
export async function ensureClusterKey(folder: string): Promise<string> {
  const key = join(folder, "key");
  const known = await readFile(`${key}.pub`, "utf8").catch(() => undefined);
  if (known !== undefined) return known;
  await rm(key, { force: true });
  try {
    await promisify(execFile)("ssh-keygen", [
      ...["-q", "-t", "ed25519", "-N", "", "-C", "clouder", "-f", key],
    ]);
  } catch (error) {
    throw new ClouderError("unsupported", `ssh-keygen could not make a key: ${messageOf(error)}`, {
      hint: "install OpenSSH's client (apt-get install openssh-client), or give a key with --key",
      cause: error,
    });
  }
  return await readFile(`${key}.pub`, "utf8");
}
