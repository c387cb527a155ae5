import { readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import type { SshLogin } from "#bootstrap/nodes/node-access";
import { ClouderError } from "#core/error";

/** Keys by their file's text: a passphrase costs a processor's second, and hundreds of machines share it. */
const opened = new Map<string, Promise<ParsedKey>>();

/** Reads the private key of a login, with its passphrase asked for where it has one. */
export async function privateKey(
  keyFile: string,
  askSecret: SshLogin["askSecret"],
): Promise<ParsedKey> {
  const text = await readFile(keyFile, "latin1").catch((error: unknown) => {
    throw new ClouderError("config", `cannot read the SSH key ${keyFile}`, {
      hint: "give the private key's file with --key",
      cause: error,
    });
  });
  const known = opened.get(text) ?? open(keyFile, text, askSecret);
  opened.set(text, known);
  // Whoever comes next may know the passphrase.
  known.catch(() => opened.delete(text));
  return await known;
}

/** As OpenSSH does: a key of one's own that others can read is no secret. */
async function refuseReadable(keyFile: string): Promise<void> {
  const { uid, mode } = await stat(keyFile);
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  throw new ClouderError("config", `others can read the SSH key ${keyFile} (mode ${octal})`, {
    hint: `chmod 600 ${keyFile}`,
  });
}

async function open(
  keyFile: string,
  text: string,
  askSecret: SshLogin["askSecret"],
): Promise<ParsedKey> {
  const {
    default: { utils },
  } = await import("ssh2");
  // A file may hold several: the first one counts.
  const parse = (phrase?: string) => [utils.parseKey(text, phrase)].flat()[0];
  const parsed = parse();
  const isOpen = parsed && !(parsed instanceof Error) && parsed.isPrivateKey();
  const problem = parsed instanceof Error ? parsed.message : "it is no private key";
  if (!isOpen && !/[Ee]ncrypted|passphrase/.test(problem)) {
    throw new ClouderError("config", `the SSH key ${keyFile} cannot be used: ${problem}`, {
      hint: "give the private key's file with --key",
    });
  }
  await refuseReadable(keyFile);
  if (isOpen) return parsed;
  if (!askSecret) throw passphraseWanted(keyFile);
  const unlocked = parse(await askSecret("key-passphrase", keyFile));
  if (unlocked && !(unlocked instanceof Error)) return unlocked;
  throw new ClouderError("unauthenticated", `this is not the passphrase of ${keyFile}`);
}

function passphraseWanted(keyFile: string): ClouderError {
  return new ClouderError("unauthenticated", `the SSH key ${keyFile} has a passphrase`, {
    hint: "pipe it in with --key-passphrase-stdin, or load the key into ssh-agent and leave --key out",
  });
}
