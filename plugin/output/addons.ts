import type { ChangedAddons } from "#bootstrap/addons/cluster-addons";
import type { ListedAddon } from "#bootstrap/addons/list-addons";
import { table, type Result } from "#plugin/output/result";

/** `addon list`. */
export function addonList(addons: readonly ListedAddon[]): Result {
  return {
    object: addons,
    names: addons.map(({ name }) => `addon/${name}`),
    table: table(addons, [
      { title: "ADD-ON", value: ({ name }) => name },
      { title: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no") },
      { title: "STATE", value: ({ state }) => state },
      { title: "CHART", value: ({ version }) => version },
      { title: "WHAT IT IS FOR", value: ({ title }) => title },
      { title: "NAMESPACE", wide: true, value: ({ namespace }) => namespace },
      { title: "WAITS FOR", wide: true, value: ({ reasons }) => reasons.join("; ") },
    ]),
  };
}

/** `addon enable` and `addon disable`. */
export function addonResult({ addons, changed }: ChangedAddons, what: string): Result {
  const text = `${addons.join(", ")} ${addons.length === 1 ? "is" : "are"} ${what}`;
  return {
    object: { addons, changed },
    names: addons.map((name) => `addon/${name}`),
    text: changed ? text : `${text}: nothing had to be changed`,
  };
}
