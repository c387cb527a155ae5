import type { ContextView, SyncedContexts } from "#bootstrap/contexts/contexts";
import { table, type Result } from "#plugin/output/result";

/** `ctx ls`. */
export function contextList(contexts: readonly ContextView[]): Result {
  return {
    object: contexts,
    names: contexts.map(({ context }) => `context/${context}`),
    table: table(
      contexts,
      [
        { title: "CURRENT", value: ({ current }) => (current ? "*" : "") },
        { title: "CLOUD", value: ({ cloud }) => cloud },
        { title: "ID", value: ({ id }) => id },
        { title: "NAME", value: ({ name }) => name },
      ],
      "No contexts yet: kubectl clouder ctx init",
    ),
  };
}

/** `ctx init` and `ctx sync`; exit code 1 when no cloud could be asked. */
export function syncedResult(synced: SyncedContexts): Result {
  const { added, updated, contexts, notListed } = synced;
  return {
    object: synced,
    names: contexts.map(({ context }) => `context/${context}`),
    text: [
      `${contexts.length} contexts: ${added} added, ${updated} updated`,
      ...contexts.map(({ context, name, current }) => `${current ? "*" : " "} ${context} ${name}`),
      ...notListed.flatMap(({ cloud, cause, cure }) => [
        `not listed: ${cloud}: ${cause}`,
        ...(cure === undefined ? [] : [`  cure: ${cure}`]),
      ]),
    ].join("\n"),
    exitCode: notListed.length === 2 ? 1 : 0,
  };
}
