import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ClouderError } from "#core/error";

/** Public host key as OpenSSH writes it: algorithm and base64 of the wire form. */
export interface HostKey {
  readonly algorithm: string;
  readonly base64: string;
}

/** Reads the key out of its SSH wire form. */
export function hostKeyOf(wire: Uint8Array): HostKey {
  const bytes = Buffer.from(wire);
  const length = bytes.readUInt32BE(0);
  return {
    algorithm: bytes.subarray(4, 4 + length).toString("latin1"),
    base64: bytes.toString("base64"),
  };
}

/** How OpenSSH names a host in its known-hosts files. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Keys pinned for a host; none when the file or the entry is absent. */
export async function pinnedKeys(file: string, name: string): Promise<readonly HostKey[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  });
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([names]) => names?.split(",").includes(name))
    .map(([, algorithm = "", base64 = ""]) => ({ algorithm, base64 }));
}

/** Pins a key; the file is private to the user. */
export async function pinKey(file: string, name: string, key: HostKey): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${name} ${key.algorithm} ${key.base64}\n`, { mode: 0o600 });
}

/** The error of a host that shows another key than the pinned one. */
export function hostKeyChanged(name: string, file: string): ClouderError {
  return new ClouderError("refused", `${name} shows another host key than the one in ${file}`, {
    hint: `if the machine was set up anew, remove its line with: ssh-keygen -f ${file} -R '${name}'`,
  });
}
