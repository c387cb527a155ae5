import { runtimeClassName } from "#checkpoint/api/names";
import type { Container, Toleration } from "#kube/objects";
import { settle } from "#webhook/injection/conflicts";
import type { Draft } from "#webhook/injection/draft";
import { note } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameContent } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

type Field = "serviceAccountName" | "automountServiceAccountToken" | "runtimeClassName";

/** One plain field of the spec. */
export function wishField(draft: Draft, wish: Wish, field: Field, wanted: unknown): void {
  const where = `spec/${field}`;
  if (field === "runtimeClassName" && draft.windows && wanted === runtimeClassName) {
    note(draft, wish, where, "skipped", "the pod is for Windows");
    return;
  }
  const own = ownField(draft, field);
  const meeting = { where, wanted, own, same: Object.is, owner: "pod" as const };
  if (settle<unknown>(draft, wish, meeting) !== undefined) draft.fields.push([field, wanted]);
}

/**
 * Admission has written "default" already where the pod names no ServiceAccount. Neither the old
 * spelling `serviceAccount`, which loses against the new one, nor the token's volume, which names no
 * account, needs a change.
 */
function ownField({ pod: { spec } }: Draft, field: Field): unknown {
  if (field !== "serviceAccountName") return spec[field] ?? undefined;
  const name = spec.serviceAccountName ?? spec["serviceAccount"];
  return name === "default" || name === "" || name === null ? undefined : name;
}

/** The pod's seccomp profile; containers that have one of their own keep it. */
export function wishSeccomp(
  draft: Draft,
  wish: Wish,
  wanted: Readonly<Record<string, string>>,
): void {
  const where = "spec/securityContext seccompProfile";
  if (draft.windows) {
    note(draft, wish, where, "skipped", "the pod is for Windows");
    return;
  }
  const own = profileOf(draft.pod.spec);
  const all = [...listOf(draft.pod.spec.initContainers), ...listOf(draft.pod.spec.containers)];
  // A policy's own containers do not count: in a second call they are the pod's.
  const rest = all.filter(({ name }) => !draft.added.has(name));
  if (own === undefined && rest.every((container) => profileOf(container) !== undefined)) {
    note(draft, wish, where, "kept", "every container has a profile of its own");
    return;
  }
  const meeting = { where, wanted, own, same: sameContent, owner: "pod" as const };
  if (settle<object>(draft, wish, meeting) !== undefined) draft.seccomp = wanted;
}

function profileOf(holder: Container | Draft["pod"]["spec"]): object | undefined {
  const context = holder["securityContext"] as { readonly seccompProfile?: object } | null;
  return context?.seccompProfile ?? undefined;
}

type MapField = "labels" | "annotations" | "nodeSelector";

/** One entry of the pod's labels, annotations or node selector. */
export function wishEntry(draft: Draft, wish: Wish, field: MapField, entry: Entry): void {
  const { key, value } = entry;
  const { metadata, spec } = draft.pod;
  const map = (field === "nodeSelector" ? spec.nodeSelector : metadata[field]) ?? {};
  const where = `${field === "nodeSelector" ? "spec" : "metadata"}/${field} ${key}`;
  const own = Object.hasOwn(map, key) ? map[key] : undefined;
  const meeting = { where, wanted: value, own, same: Object.is, owner: "pod" as const };
  if (settle(draft, wish, meeting) !== undefined) draft[field].set(key, value);
}

interface Entry {
  readonly key: string;
  readonly value: string;
}

/**
 * One toleration. They add up, so only one that differs in its seconds alone is in its way; Kubeflow
 * allows one for each key.
 */
export function wishToleration(draft: Draft, wish: Wish, wanted: Toleration): void {
  const byKey = wish.mergeMode === "PodDefault";
  const identity = identityOf(wanted, byKey);
  const own = listOf(draft.pod.spec.tolerations);
  let index = own.findIndex((other) => sameContent(other, wanted));
  if (index < 0) index = own.findIndex((other) => identityOf(other, byKey) === identity);
  const verdict = settle(draft, wish, {
    where: `spec/tolerations ${identity}`,
    wanted,
    own: own[index],
    same: sameContent,
    owner: "pod",
    fixed: byKey ? "the pod tolerates the key in another way" : undefined,
  });
  if (verdict === "replace") draft.tolerations.replaced.push([index, wanted]);
  if (verdict === "add") draft.tolerations.last.push(wanted);
}

function identityOf({ key, operator, value, effect }: Toleration, byKey: boolean): string {
  if (byKey) return key ?? "*";
  const test = operator === "Exists" ? "" : `=${value ?? ""}`;
  return `${key ?? "*"}${test}:${effect ?? "*"}`;
}

/** One Secret with a registry's credentials. */
export function wishPullSecret(draft: Draft, wish: Wish, name: string): void {
  const own = listOf(
    draft.pod.spec["imagePullSecrets"] as readonly { readonly name: string }[] | undefined,
  );
  const verdict = settle(draft, wish, {
    where: `spec/imagePullSecrets ${name}`,
    wanted: name,
    own: own.some((other) => other.name === name) ? name : undefined,
    same: Object.is,
    owner: "pod",
  });
  if (verdict === "add") draft.pullSecrets.last.push({ name });
}
