/** What a policy's texts may leave open until the pod is known. */
export interface Facts {
  readonly user?: string;
  readonly handle?: string;
  readonly namespace?: string;
  readonly organization?: string;
  readonly team?: string;
  readonly slot?: string;
}

export type Placeholder = keyof Facts;

export const placeholders: readonly Placeholder[] = [
  "user",
  "handle",
  "namespace",
  "organization",
  "team",
  "slot",
];

/** Not `${user}` of shells nor `{{user}}` of templates. */
const pattern = new RegExp(`(?<![$\\{])\\{(${placeholders.join("|")})\\}(?!\\})`, "g");

/** A uid, organization, team or slot: it becomes part of names, labels and paths. */
export function isSafeName(value: string): boolean {
  return value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);
}

/** One segment of a path that stays where it is put. */
export function isSafeSegment(value: string): boolean {
  return value.length <= 63 && /^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/.test(value);
}

/** The placeholders anywhere in a value's texts. */
export function placeholdersIn(value: unknown): ReadonlySet<Placeholder> {
  const found = new Set<Placeholder>();
  collect(value, found);
  return found;
}

function collect(value: unknown, found: Set<Placeholder>): void {
  if (typeof value === "string") {
    for (const [, name] of value.matchAll(pattern)) found.add(name as Placeholder);
  } else if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) collect(child, found);
  }
}

/**
 * The value with every placeholder replaced; the caller has seen to it that the facts are there. Parts
 * without a placeholder are the value's own: this runs for each pod.
 */
export function fill<T>(value: T, facts: Facts): T {
  return filled(value, facts) as T;
}

function filled(value: unknown, facts: Facts): unknown {
  if (typeof value === "string") {
    return value.includes("{")
      ? value.replace(pattern, (whole, name: Placeholder) => facts[name] ?? whole)
      : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return filledList(value, facts);
  let copy: Record<string, unknown> | undefined;
  for (const [key, child] of Object.entries(value)) {
    const next = filled(child, facts);
    // Not by assignment: `__proto__` is a key like any other here.
    if (next !== child) copy = { ...(copy ?? value), [key]: next };
  }
  return copy ?? value;
}

function filledList(list: readonly unknown[], facts: Facts): readonly unknown[] {
  let copy: unknown[] | undefined;
  list.forEach((child, index) => {
    const next = filled(child, facts);
    if (next !== child) (copy ??= [...list])[index] = next;
  });
  return copy ?? list;
}
