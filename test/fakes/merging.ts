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
      return mergePatch(kept, wanted) as KubeObject;
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
