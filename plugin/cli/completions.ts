import type { Catalog, CatalogCommand } from "#plugin/cli/catalog";
import { longestId } from "#plugin/cli/resolve";

export type NameKind =
  "pods" | "namespaces" | "nodes" | "checkpoints" | "stores" | "contexts" | "containers";

export interface Lookup {
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  /** The pod given already, for its containers. */
  readonly pod: string | undefined;
}

/** Names out of the cluster; empty when it does not answer in time. */
export type NameSource = (kind: NameKind, lookup: Lookup) => Promise<readonly string[]>;

export interface Completions {
  readonly candidates: readonly string[];
  /** File names fit, too. */
  readonly files: boolean;
}

const flagNames: Readonly<Record<string, NameKind>> = {
  namespace: "namespaces",
  "from-namespace": "namespaces",
  context: "contexts",
  node: "nodes",
  store: "stores",
  pod: "pods",
  container: "containers",
};
const fileFlags = new Set([
  "kubeconfig",
  "credentials-from",
  "filename",
  "bundle",
  "key-file",
  "policies",
]);

/** What may stand at the end of the line: commands, flags, or names out of the cluster. */
export async function completions(
  words: readonly string[],
  catalog: Catalog,
  names: NameSource,
): Promise<Completions> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { id, rest } = longestId(before, catalog);
  const command = catalog.commands[id];
  const fits = (candidates: readonly string[]): Completions => ({
    candidates: candidates.filter((one) => one.startsWith(typed)),
    files: false,
  });
  if (!command) return fits(rest.length > 0 ? [] : subcommands(id, catalog));

  const lookup = lookupOf(rest, command);
  const wanting = flagOf(before.at(-1), command);
  if (wanting !== undefined && command.flags[wanting]?.takesValue === true) {
    if (fileFlags.has(wanting)) return { candidates: [], files: true };
    const { options } = command.flags[wanting];
    if (options) return fits(options);
    const kind = flagNames[wanting];
    return fits(kind ? await names(kind, lookup) : []);
  }
  if (typed.startsWith("-")) {
    return fits(Object.entries(command.flags).map(([name, flag]) => `--${name}\t${flag.summary}`));
  }
  const given = positionals(rest, command);
  const kinds = argumentKinds(id, command, given.length);
  const found = await Promise.all(kinds.map((kind) => names(kind, lookup)));
  return fits([...new Set(found.flat())].filter((one) => !given.includes(one)));
}

function subcommands(topic: string, catalog: Catalog): string[] {
  const depth = topic === "" ? 0 : topic.split(":").length;
  const below = Object.keys(catalog.help).filter(
    (id) =>
      id !== "" &&
      id.split(":").length === depth + 1 &&
      (depth === 0 || id.startsWith(`${topic}:`)),
  );
  return below
    .filter((id) => catalog.commands[id]?.hidden !== true)
    .sort()
    .map((id) => {
      const summary = catalog.commands[id]?.summary ?? catalog.help[id]?.split("\n")[0] ?? "";
      return `${id.split(":").at(-1) ?? ""}\t${summary}`;
    });
}

function argumentKinds(id: string, command: CatalogCommand, index: number): readonly NameKind[] {
  const last = command.args.at(-1);
  const argument = command.args[index] ?? (last?.multiple === true ? last : undefined);
  switch (argument?.name) {
    case "pod":
      return ["pods"];
    case "id":
      return ["checkpoints"];
    case "source":
      return ["checkpoints", "pods"];
    case "name":
      return id.startsWith("store:") && id !== "store:create" ? ["stores"] : [];
    default:
      return [];
  }
}

/** The flag's full name when the word is one without its value. */
function flagOf(word: string | undefined, command: CatalogCommand): string | undefined {
  if (word === undefined || !word.startsWith("-") || word.includes("=")) return undefined;
  if (word.startsWith("--")) return word.slice(2) in command.flags ? word.slice(2) : undefined;
  return Object.entries(command.flags).find(([, flag]) => `-${flag.char ?? ""}` === word)?.[0];
}

function positionals(rest: readonly string[], command: CatalogCommand): string[] {
  return rest.filter((word, index) => {
    if (word.startsWith("-")) return false;
    const flag = flagOf(rest[index - 1], command);
    return flag === undefined || command.flags[flag]?.takesValue !== true;
  });
}

function lookupOf(rest: readonly string[], command: CatalogCommand): Lookup {
  const value = (name: string) => {
    const at = rest.findIndex((word) => flagOf(word, command) === name);
    const joined = rest.find((word) => word.startsWith(`--${name}=`));
    return at === -1 ? joined?.slice(name.length + 3) : rest[at + 1];
  };
  return {
    namespace: value("namespace"),
    context: value("context"),
    kubeconfig: value("kubeconfig"),
    pod: positionals(rest, command)[0],
  };
}
