import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
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

/** The file of the private key: the user's, else the cluster's own. */
export function keyFileOf({ key }: { readonly key?: string }, folder: string): string {
  if (key === undefined) return join(folder, "key");
  if (key.startsWith("~/")) return join(homedir(), key.slice(2));
  return isAbsolute(key) ? key : join(process.cwd(), key);
}

/** The public half of the user's key; `config` when it is not there, or of a kind that `cloud` refuses. */
export async function publicKey(file: string, cloud: "Azure" | "EC2"): Promise<string> {
  const line = await readFile(`${file}.pub`, "utf8").catch((error: unknown) => {
    throw new ClouderError("config", `cannot read ${file}.pub, the public half of the SSH key`, {
      hint: `write it: ssh-keygen -y -f ${file} > ${file}.pub`,
      cause: error,
    });
  });
  if (!/^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+/.test(line)) {
    throw new ClouderError("config", `${file}.pub is no key that ${cloud} takes`, {
      hint: "use an ed25519 or RSA key: ssh-keygen -t ed25519",
    });
  }
  return line;
}
