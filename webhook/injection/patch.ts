import type { EnvFromSource } from "#webhook/api/types";
import type { EnvFromChange, EnvFromGroup, Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import type { ListChange } from "#webhook/injection/list-change";
import { escapeSegment } from "#webhook/injection/pointer";
import type { PatchOperation } from "#webhook/injection/wish";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The draft as operations that apply one after the other: a missing parent is made once, with all its
 * content; replacements come before insertions, and whole containers last, so that no index moves
 * under an operation. `marks` are annotations, undefined takes one away.
 */
export function operationsOf(
  draft: Draft,
  marks: Readonly<Record<string, string | undefined>>,
): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  const { metadata, spec } = draft.pod;
  for (const [key, value] of Object.entries(marks)) {
    if (value !== undefined) draft.annotations.set(key, value);
    else if (Object.hasOwn(metadata.annotations ?? {}, key)) {
      operations.push({ op: "remove", path: `/metadata/annotations/${escapeSegment(key)}` });
    }
  }
  writeMap(operations, "/metadata/labels", metadata.labels, draft.labels);
  writeMap(operations, "/metadata/annotations", metadata.annotations, draft.annotations);
  writeMap(operations, "/spec/nodeSelector", spec.nodeSelector, draft.nodeSelector);
  writeFields(operations, "/spec", spec, draft.fields);
  writeSeccomp(operations, draft);
  writeList(operations, "/spec/tolerations", spec.tolerations, draft.tolerations);
  writeList(operations, "/spec/imagePullSecrets", spec["imagePullSecrets"], draft.pullSecrets);
  writeList(operations, "/spec/volumes", spec.volumes, draft.volumes);
  for (const slot of draft.slots) writeSlot(operations, slot);
  writeList(operations, "/spec/containers", spec.containers, draft.containers);
  writeList(operations, "/spec/initContainers", spec.initContainers, draft.initContainers);
  return operations;
}

function writeSlot(operations: PatchOperation[], slot: Slot): void {
  const { path, container } = slot;
  writeFields(operations, path, container, slot.fields);
  writeList(operations, `${path}/env`, container.env, slot.env);
  const { front, back, replaced } = slot.envFrom;
  if (front.length > 0 || back.length > 0 || replaced.length > 0) {
    writeList(operations, `${path}/envFrom`, container["envFrom"], inOrder(slot.envFrom));
  }
  writeList(operations, `${path}/volumeMounts`, container.volumeMounts, slot.mounts);
}

/** The last of several sources wins, so the policy of highest precedence comes last. */
function inOrder({ front, back, replaced }: EnvFromChange): ListChange<EnvFromSource> {
  return { first: sourcesOf(front), last: sourcesOf(back), replaced };
}

function sourcesOf(groups: readonly EnvFromGroup[]): EnvFromSource[] {
  const sources: EnvFromSource[] = [];
  for (let index = groups.length - 1; index >= 0; index--) {
    for (const source of groups[index]?.sources ?? []) sources.push(source);
  }
  return sources;
}

function writeList<T>(
  operations: PatchOperation[],
  path: string,
  own: unknown,
  { first, last, replaced }: ListChange<T>,
): void {
  if (first.length === 0 && last.length === 0 && replaced.length === 0) return;
  if (!Array.isArray(own) || own.length === 0) {
    operations.push({ op: "add", path, value: [...first, ...last] });
    return;
  }
  for (const [index, value] of replaced) {
    operations.push({ op: "replace", path: `${path}/${index}`, value });
  }
  for (let index = 0; index < first.length; index++) {
    operations.push({ op: "add", path: `${path}/${index}`, value: first[index] });
  }
  for (const value of last) operations.push({ op: "add", path: `${path}/-`, value });
}

function writeMap(
  operations: PatchOperation[],
  path: string,
  own: Fields | null | undefined,
  entries: ReadonlyMap<string, unknown>,
): void {
  if (entries.size === 0) return;
  if (own === undefined || own === null) {
    operations.push({ op: "add", path, value: Object.fromEntries(entries) });
  } else writeFields(operations, path, own, entries);
}

function writeFields(
  operations: PatchOperation[],
  path: string,
  own: Fields,
  entries: Iterable<readonly [string, unknown]>,
): void {
  for (const [key, value] of entries) {
    const op = Object.hasOwn(own, key) ? "replace" : "add";
    operations.push({ op, path: `${path}/${escapeSegment(key)}`, value });
  }
}

function writeSeccomp(operations: PatchOperation[], { pod, seccomp }: Draft): void {
  if (seccomp === undefined) return;
  const own = pod.spec["securityContext"] as Fields | null | undefined;
  writeMap(operations, "/spec/securityContext", own, new Map([["seccompProfile", seccomp]]));
}
