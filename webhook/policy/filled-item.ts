import type { Wish } from "#webhook/injection/wish";
import { wantedClaim } from "#webhook/policy/claims";
import type { CompiledItem } from "#webhook/policy/compile";
import { partsOf } from "#webhook/policy/parts";
import { fill } from "#webhook/policy/placeholders";
import type { Facts } from "#webhook/policy/placeholders";
import type { IndexedSecret, WantedClaim } from "#webhook/policy/request";

/** What one item comes to for one user in one namespace. */
interface FilledItem {
  /** The Secrets it was made of: others make another. */
  readonly secrets: readonly IndexedSecret[];
  readonly wishes: readonly Wish[];
  readonly warnings: readonly string[];
  readonly claim: WantedClaim | undefined;
}

/** Of each item; users come in waves, and one pod's things are mostly the next one's. */
const mostKept = 100;
const filledItems = new WeakMap<CompiledItem, Map<string, FilledItem>>();

/** The item filled in; made anew only when no pod with the same facts came lately. */
export function filledItem(
  compiled: CompiledItem,
  facts: Facts,
  namespace: string,
  secrets: readonly IndexedSecret[],
): FilledItem {
  let kept = filledItems.get(compiled);
  if (!kept) filledItems.set(compiled, (kept = new Map<string, FilledItem>()));
  const key = keyOf(compiled, facts, namespace);
  const known = kept.get(key);
  if (known?.secrets === secrets) return known;
  const made = fillItem(compiled, facts, namespace, secrets);
  kept.set(key, made);
  const oldest = kept.keys().next().value;
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return made;
}

/** The facts of an item are always as many, and none but the namespace can hold a line break. */
function keyOf({ needs }: CompiledItem, facts: Facts, namespace: string): string {
  let key = namespace;
  for (const placeholder of needs) key += `\n${facts[placeholder] ?? ""}`;
  return key;
}

function fillItem(
  { item: open, needs, source, base }: CompiledItem,
  facts: Facts,
  namespace: string,
  secrets: readonly IndexedSecret[],
): FilledItem {
  const item = needs.length > 0 ? fill(open, facts) : open;
  const warnings: string[] = [];
  const parts = partsOf(item, {
    secrets,
    user: facts.user,
    allowReserved: base.allowReserved,
    warn: (text) => warnings.push(`${source.policy}: ${text}`),
  });
  return {
    secrets,
    wishes: parts.map((part) => ({ ...base, part })),
    warnings,
    claim: item.home && wantedClaim(item.home, source, namespace, facts.user),
  };
}
