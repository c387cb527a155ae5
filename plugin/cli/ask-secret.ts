import { text } from "node:stream/consumers";
import type { AskSecret, SecretKind } from "#bootstrap/nodes/ask-secret";
import { ClouderError } from "#core/error";
import { boolean } from "#plugin/cli/flags";
import { askInTurn } from "#plugin/cli/terminal-questions";
import type { Edge } from "#plugin/cli/wiring";

/** Flags of commands that log in on machines: secrets come from standard input, never from arguments. */
export const secretFlags = {
  "key-passphrase-stdin": boolean({
    description: "read the passphrase of --key from standard input, its first line",
  }),
  "sudo-password-stdin": boolean({
    description: "read the password for sudo from standard input, its last line",
  }),
};

const names: Readonly<Record<SecretKind, string>> = {
  "key-passphrase": "passphrase of",
  "sudo-password": "password for sudo of",
};

/** Each secret is asked for once and only when it is wanted; machines share the password for sudo. */
export function createAskSecret(flags: Record<string, unknown>, edge: Edge): AskSecret {
  const asked = new Map<SecretKind, Promise<string>>();
  let lines: Promise<readonly string[]> | undefined;
  const find = async (kind: SecretKind, about: string): Promise<string> => {
    if (flags[`${kind}-stdin`] === true) {
      lines ??= text(process.stdin).then((all) => all.replace(/\n$/, "").split(/\r?\n/));
      const line = (await lines).at(kind === "key-passphrase" ? 0 : -1) ?? "";
      if (line !== "") return line;
      throw new ClouderError("usage", `standard input holds no ${names[kind]} ${about}`);
    }
    if (process.stdin.isTTY) return await prompt(`${names[kind]} ${about}: `, edge);
    throw new ClouderError("unauthenticated", `the ${names[kind]} ${about} is wanted`, {
      hint: `pipe it in with --${kind}-stdin`,
    });
  };
  return (kind, about) => {
    const known = asked.get(kind) ?? find(kind, about);
    asked.set(kind, known);
    return known;
  };
}

async function prompt(text: string, edge: Edge): Promise<string> {
  edge.pauseProgress();
  const [answer = ""] = await askInTurn(
    ({ length }) => (length === 0 ? { text, hidden: true } : undefined),
    edge.signal,
  );
  return answer;
}
