import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { AzureSettings } from "./settings.ts";
import { ensureClusterKey } from "#bootstrap/providers/cluster-key";
import { ClouderError } from "#core/error";

/** The file of the private key: the user's, else the cluster's own. */
export function keyFileOf({ key }: AzureSettings, folder: string): string {
  if (key === undefined) return join(folder, "key");
  if (key.startsWith("~/")) return join(homedir(), key.slice(2));
  return isAbsolute(key) ? key : join(process.cwd(), key);
}

/** Fails unless the user's key has its public half. */
export async function checkKey(settings: AzureSettings, folder: string): Promise<void> {
  if (settings.key !== undefined) await publicKey(keyFileOf(settings, folder));
}

/** The public line that machines let in. */
export async function ensureKey(settings: AzureSettings, folder: string): Promise<string> {
  const line =
    settings.key === undefined
      ? await ensureClusterKey(folder)
      : await publicKey(keyFileOf(settings, folder));
  return line.trim();
}

async function publicKey(file: string): Promise<string> {
  const line = await readFile(`${file}.pub`, "utf8").catch((error: unknown) => {
    throw new ClouderError("config", `cannot read ${file}.pub, the public half of the SSH key`, {
      hint: `write it: ssh-keygen -y -f ${file} > ${file}.pub`,
      cause: error,
    });
  });
  if (!/^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+/.test(line)) {
    throw new ClouderError("config", `${file}.pub is no key that Azure takes`, {
      hint: "use an ed25519 or RSA key: ssh-keygen -t ed25519",
    });
  }
  return line;
}
