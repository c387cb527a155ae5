import type { ConfigMap } from "#kube/objects";
import type { IndexedSecret } from "#webhook/policy/request";

/** The form of the index ConfigMap: written by the controller, read by the webhook. */

const dataKey = "secrets.json";
/** A ConfigMap takes 1 MiB altogether; the rest is for its metadata. */
export const indexBytes = 1_000_000;

export interface EncodedIndex {
  readonly data: Readonly<Record<string, string>>;
  /** Secrets that did not fit, the last ones by name. */
  readonly left: number;
}

/** Sorted by name, so that the same Secrets always give the same text. */
export function encodeIndex(
  secrets: readonly IndexedSecret[],
  maximum: number = indexBytes,
): EncodedIndex {
  const lines: string[] = [];
  let bytes = 4;
  let left = 0;
  for (const secret of [...secrets].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const line = JSON.stringify({
      name: secret.name,
      labels: sorted(secret.labels),
      keys: [...secret.keys].sort(),
    });
    bytes += Buffer.byteLength(line) + 2;
    if (left > 0 || bytes > maximum) left += 1;
    else lines.push(line);
  }
  return { data: { [dataKey]: `[\n${lines.join(",\n")}\n]` }, left };
}

/** Gives nothing for a ConfigMap that is no index: others may write ConfigMaps, too. */
export function decodeIndex(map: ConfigMap): readonly IndexedSecret[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(map.data?.[dataKey] ?? "[]");
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? parsed.filter(isIndexed) : [];
}

function isIndexed(value: unknown): value is IndexedSecret {
  if (typeof value !== "object" || value === null) return false;
  const { name, labels, keys } = value as Partial<Record<keyof IndexedSecret, unknown>>;
  return (
    typeof name === "string" &&
    typeof labels === "object" &&
    labels !== null &&
    Object.values(labels).every((label) => typeof label === "string") &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === "string")
  );
}

function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
