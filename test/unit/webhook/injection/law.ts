import { apply_patch } from "jsonpatch";
import { applyPatch } from "rfc6902";
import { expect } from "vitest";
import type { Container, Pod } from "#kube/objects";
import { inject } from "#webhook/injection/inject";
import type { Injection, PatchOperation, Wish } from "#webhook/injection/wish";

/** The pod with the patch applied, by two engines which must agree. */
export function applied(pod: Pod, operations: readonly PatchOperation[]): Pod {
  // As the API server gets it.
  const wire = JSON.parse(JSON.stringify(operations)) as PatchOperation[];
  const first = apply_patch(structuredClone(pod), structuredClone(wire));
  const second = structuredClone(pod);
  expect(applyPatch(second, wire).filter((failure) => failure !== null)).toEqual([]);
  expect(first).toEqual(second);
  return second;
}

/** Injects, and applies the patch. */
export function injected(pod: Pod, ...wishes: readonly Wish[]): Pod {
  const { operations, refusal } = inject(pod, wishes);
  expect(refusal).toBeUndefined();
  return applied(pod, operations);
}

/** Injects and checks what holds for every pod and all wishes; returns what came of it. */
export function checked(pod: Pod, wishes: readonly Wish[]): Injection & { readonly after: Pod } {
  const before = JSON.stringify(pod);
  const injection = inject(pod, wishes);
  expect(JSON.stringify(pod)).toBe(before);
  expect(inject(JSON.parse(before) as Pod, wishes)).toEqual(injection);
  if (injection.refusal !== undefined) {
    expect(injection.operations).toEqual([]);
    return { ...injection, after: pod };
  }
  const after = applied(pod, injection.operations);
  expectNoNewDuplicates(pod, after);
  expectAnswered(injection, wishes);
  if (!injection.outcomes.some(({ result }) => result === "overridden")) expectKept(pod, after);
  expectNothingMore(after, wishes);
  return { ...injection, after };
}

/** A second call has nothing left to do. */
export function expectNothingMore(pod: Pod, wishes: readonly Wish[]): void {
  const again = inject(pod, wishes);
  expect(again.refusal).toBeUndefined();
  expect(again.operations).toEqual([]);
  expect(again.outcomes.filter(({ result }) => result === "injected")).toEqual([]);
}

/** Each wish has an outcome, and one that changed nothing says why. */
function expectAnswered({ outcomes }: Injection, wishes: readonly Wish[]): void {
  for (const { source } of wishes) {
    const own = outcomes.filter((outcome) => outcome.source === source);
    expect(own.length, source.item).toBeGreaterThan(0);
    for (const { result, reason } of own) {
      if (result !== "injected" && result !== "present") expect(reason).toBeTruthy();
    }
  }
}

export function containersOf(pod: Pod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

function expectNoNewDuplicates(before: Pod, after: Pod): void {
  const volumes = (pod: Pod) => duplicates((pod.spec.volumes ?? []).map(({ name }) => name));
  expect(volumes(after).filter((name) => !volumes(before).includes(name))).toEqual([]);
  for (const container of containersOf(after)) {
    const own = containersOf(before).find(({ name }) => name === container.name);
    for (const list of ["env", "envFrom", "volumeMounts"] as const) {
      const known = duplicates(keysOf(own, list));
      expect(duplicates(keysOf(container, list)).filter((key) => !known.includes(key))).toEqual([]);
    }
  }
}

/** What must not be there twice. */
function keysOf(container: Container | undefined, list: "env" | "envFrom" | "volumeMounts") {
  const entries = (container?.[list] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return entries.map((entry) =>
    list === "envFrom"
      ? JSON.stringify(entry)
      : String(entry[list === "env" ? "name" : "mountPath"]),
  );
}

function duplicates(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).sort();
}

/** All of the pod's own is there as it was, lists in their order. */
export function expectKept(before: Pod, after: Pod): void {
  expect(lost(before, after, "")).toEqual([]);
}

/** "default", the empty text and absent are all no ServiceAccount. */
const giveWay = new Set(["/spec/serviceAccountName"]);

function lost(before: unknown, after: unknown, path: string): readonly string[] {
  if (before === null || (Array.isArray(before) && before.length === 0)) return [];
  if (Array.isArray(before)) return Array.isArray(after) ? lostOf(before, after, path) : [path];
  if (typeof before === "object") {
    if (typeof after !== "object" || after === null) return [path];
    return Object.entries(before).flatMap(([key, value]) =>
      Object.hasOwn(after, key)
        ? lost(value, (after as Record<string, unknown>)[key], `${path}/${key}`)
        : [`${path}/${key}`],
    );
  }
  return before === after || givesWay(before, path) ? [] : [path];
}

function givesWay(before: unknown, path: string): boolean {
  return giveWay.has(path) && (before === "default" || before === "");
}

function lostOf(before: readonly unknown[], after: readonly unknown[], path: string): string[] {
  let at = 0;
  return before.flatMap((element, index) => {
    const found = after.findIndex(
      (other, place) => place >= at && lost(element, other, `${path}/${index}`).length === 0,
    );
    if (found < 0) return [`${path}/${index}`];
    at = found + 1;
    return [];
  });
}
