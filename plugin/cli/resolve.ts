import { ClouderError } from "#core/error";
import type { Catalog } from "#plugin/cli/catalog";
import { nearest } from "#core/nearest";

export type Resolved =
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly id: string }
  | { readonly kind: "command"; readonly id: string; readonly argv: readonly string[] };

/** Global flags that kubectl users put before the command, and whether a value follows. */
const leading: Readonly<Record<string, boolean>> = {
  "-n": true,
  "--namespace": true,
  "--context": true,
  "--kubeconfig": true,
  "--request-timeout": true,
  "-o": true,
  "--output": true,
  "--progress": true,
  "-A": false,
  "--all-namespaces": false,
  "-v": false,
  "--verbose": false,
};

/** Finds out what a command line wants; a `usage` error with suggestions when nothing fits. */
export function resolve(given: readonly string[], catalog: Catalog): Resolved {
  const argv = respelledTopic(globalsLast(given));
  if (argv[0] === "--version") return { kind: "version" };
  const { id, rest, words } = longestId(argv[0] === "help" ? argv.slice(1) : argv, catalog);
  if (argv[0] === "help" || wantsHelp(argv)) {
    if (id === "" && words.length > 0) throw unknown(words, "", catalog, rest);
    return { kind: "help", id };
  }
  if (id in catalog.commands && !isMistyped(id, rest, catalog)) {
    return { kind: "command", id, argv: rest };
  }
  if (rest.length === 0) return { kind: "help", id };
  throw unknown(words, id, catalog, rest);
}

/** A word after a command that takes none and has commands below it: `azure regiosn`. */
function isMistyped(id: string, [word = "-"]: readonly string[], catalog: Catalog): boolean {
  if (word.startsWith("-") || (catalog.commands[id]?.args.length ?? 0) > 0) return false;
  return Object.keys(catalog.commands).some((one) => one.startsWith(`${id}:`));
}

/** The original printed `clouder Kubeadm` in its own hints. */
function respelledTopic(argv: readonly string[]): readonly string[] {
  const at = argv[0] === "help" ? 1 : 0;
  return argv.map((token, index) => (index === at && token === "Kubeadm" ? "kubeadm" : token));
}

function globalsLast(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (at < argv.length) {
    const token = argv[at] ?? "";
    const takesValue = leading[token.split("=")[0] ?? ""];
    if (takesValue === undefined) break;
    at += takesValue && !token.includes("=") ? 2 : 1;
  }
  const [globals, rest] = [argv.slice(0, at), argv.slice(at)];
  if (rest.length === 0) return argv;
  const end = rest.indexOf("--");
  return end === -1
    ? [...rest, ...globals]
    : [...rest.slice(0, end), ...globals, ...rest.slice(end)];
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

/** The longest known command or topic at the start of a line, and what follows it. */
export function longestId(argv: readonly string[], catalog: Catalog) {
  const end = argv.findIndex((token) => token.startsWith("-"));
  const words = end === -1 ? argv : argv.slice(0, end);
  for (let count = words.length; count > 0; count -= 1) {
    const id = words.slice(0, count).join(":");
    if (id in catalog.help) return { id, rest: argv.slice(count), words };
  }
  return { id: "", rest: argv, words };
}

function unknown(
  words: readonly string[],
  topic: string,
  catalog: Catalog,
  rest: readonly string[],
): ClouderError {
  const depth = topic === "" ? 0 : topic.split(":").length;
  const typed = words.slice(0, depth + 1).join(" ");
  const known = Object.entries(catalog.commands)
    .filter(([, { hidden }]) => !hidden)
    .map(([id]) => id.replaceAll(":", " "));
  const topics = Object.keys(catalog.help).map((id) => id.replaceAll(":", " "));
  const near = nearest(words.slice(0, depth + 2).join(" "), known);
  const found = near.length > 0 ? near : nearest(typed, [...known, ...topics]);
  const said =
    words.length === 0 ? `"${rest[0] ?? ""}" is no command` : `unknown command "${typed}"`;
  return new ClouderError("usage", said, {
    hint:
      found.length > 0
        ? `did you mean ${found.map((one) => `"${one}"`).join(" or ")}?`
        : `see: ${["kubectl clouder", topic.replaceAll(":", " "), "--help"].filter((part) => part !== "").join(" ")}`,
  });
}
