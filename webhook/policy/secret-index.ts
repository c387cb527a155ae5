import type { IndexedSecret } from "#webhook/policy/request";

type Secrets = readonly IndexedSecret[];

/** Per list of Secrets: by label and value, and by name. Built once, gone with the list. */
const byLabel = new WeakMap<Secrets, Map<string, ReadonlyMap<string, Secrets>>>();
const byName = new WeakMap<Secrets, ReadonlyMap<string, IndexedSecret>>();

const none: Secrets = [];

/** The Secrets with this label and value, in the order of their names. */
export function labelledSecrets(secrets: Secrets, key: string, value: string): Secrets {
  let labels = byLabel.get(secrets);
  if (!labels) byLabel.set(secrets, (labels = new Map<string, ReadonlyMap<string, Secrets>>()));
  let values = labels.get(key);
  if (!values) labels.set(key, (values = grouped(secrets, key)));
  return values.get(value) ?? none;
}

function grouped(secrets: Secrets, key: string): ReadonlyMap<string, Secrets> {
  const groups = new Map<string, IndexedSecret[]>();
  for (const secret of secrets) {
    const value = Object.hasOwn(secret.labels, key) ? secret.labels[key] : undefined;
    if (value === undefined) continue;
    const group = groups.get(value);
    if (group) group.push(secret);
    else groups.set(value, [secret]);
  }
  for (const group of groups.values()) group.sort((a, b) => (a.name < b.name ? -1 : 1));
  return groups;
}

/** The Secret of this name, when it is in the index. */
export function namedSecret(secrets: Secrets, name: string): IndexedSecret | undefined {
  let names = byName.get(secrets);
  if (!names) byName.set(secrets, (names = new Map(secrets.map((one) => [one.name, one]))));
  return names.get(name);
}
