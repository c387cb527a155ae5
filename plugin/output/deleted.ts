import type { Result } from "#plugin/output/result";

/** What was deleted, in kubectl's words. */
export function deletedNames(names: readonly string[], kind: string): Result {
  const full = names.map((name) => `${kind}/${name}`);
  return {
    object: { deleted: names },
    text: names.map((name) => `${kind} "${name}" deleted`).join("\n"),
    names: full,
  };
}
