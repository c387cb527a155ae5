import type { KubeObject } from "#kube/kube";

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON merge patch, RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isTree(patch)) return patch;
  const result: Tree = isTree(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Remembers what each field manager applied, so that what it no longer names can go. */
export function createFieldManagers() {
  const applied = new Map<string, Tree>();
  return {
    apply(
      key: string,
      manager: string,
      before: unknown,
      wanted: KubeObject,
      options: { readonly dryRun?: boolean } = {},
    ): KubeObject {
      const owned = before === undefined ? undefined : applied.get(`${key}|${manager}`);
      if (!options.dryRun)
        applied.set(`${key}|${manager}`, structuredClone(wanted) as unknown as Tree);
      const kept = isTree(before) && owned ? without(before, owned, wanted) : (before ?? {});
      return mergePatch(kept, withWebhooks(before, owned, wanted)) as KubeObject;
    },
  };
}

/** `before` less the fields in `owned` that `wanted` lacks. */
function without(before: Tree, owned: Tree, wanted: unknown): Tree {
  const result: Tree = { ...before };
  for (const [key, value] of Object.entries(owned)) {
    const next = isTree(wanted) ? wanted[key] : undefined;
    if (next === undefined && !isTree(value)) Reflect.deleteProperty(result, key);
    else if (isTree(value) && isTree(result[key])) result[key] = without(result[key], value, next);
  }
  return result;
}

/** The one list of ours that API servers merge by name: each webhook keeps fields of other managers. */
function withWebhooks(before: unknown, owned: unknown, wanted: unknown): unknown {
  if (!isTree(wanted) || !Array.isArray(wanted["webhooks"])) return wanted;
  const webhooks = (wanted["webhooks"] as readonly unknown[]).map((webhook) => {
    const own = namesake(owned, webhook);
    const stored = namesake(before, webhook);
    return mergePatch(own ? without(stored ?? {}, own, webhook) : (stored ?? {}), webhook);
  });
  return { ...wanted, webhooks };
}

function namesake(object: unknown, webhook: unknown): Tree | undefined {
  const list = isTree(object) ? object["webhooks"] : undefined;
  const name = isTree(webhook) ? webhook["name"] : undefined;
  return Array.isArray(list)
    ? (list as readonly unknown[]).filter(isTree).find((one) => one["name"] === name)
    : undefined;
}
