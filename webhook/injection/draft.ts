import type { Container, Pod, Toleration } from "#kube/objects";
import type { ContainerChoice, Volume, VolumeMount } from "#webhook/api/types";
import type { Slot } from "#webhook/injection/containers";
import { isChosen, slotsOf } from "#webhook/injection/containers";
import type { ListChange } from "#webhook/injection/list-change";
import { noChange } from "#webhook/injection/list-change";
import type { WishedVolume } from "#webhook/injection/mounts";
import type { Outcome, Wish } from "#webhook/injection/wish";

/**
 * What one injection is going to change. The pod itself is never touched nor copied; the draft holds
 * the differences only, from which `patch.ts` writes the operations.
 */
export interface Draft {
  readonly pod: Pod;
  readonly windows: boolean;
  readonly slots: readonly Slot[];
  readonly labels: Map<string, string>;
  readonly annotations: Map<string, string>;
  readonly nodeSelector: Map<string, string>;
  readonly volumes: ListChange<Volume>;
  readonly tolerations: ListChange<Toleration>;
  readonly pullSecrets: ListChange<{ readonly name: string }>;
  readonly containers: ListChange<Container>;
  readonly initContainers: ListChange<Container>;
  /** Plain fields of the spec. */
  readonly fields: (readonly [name: string, value: unknown])[];
  seccomp: Readonly<Record<string, string>> | undefined;
  /** Containers that are a policy's own: nothing else is injected into them. */
  readonly added: Set<string>;
  readonly claims: Map<string, Claim>;
  /** Wished volumes by their names, in order; without names in the pod where nothing mounts them. */
  readonly wished: Map<string, WishedVolume[]>;
  /** Set aside until all volumes are known. */
  readonly mounts: { readonly wish: Wish; readonly mount: VolumeMount }[];
  readonly outcomes: Outcome[];
  refusal: string | undefined;
  /** A conflict in which a wish of mode PodPreset takes part. */
  presetConflict: string | undefined;
}

/** Who has decided about a place of the pod. */
export interface Claim {
  readonly wish: Wish;
  readonly wanted: unknown;
  readonly result: Outcome["result"];
}

/** A draft without any change. */
export function draftOf(pod: Pod): Draft {
  const { os } = pod.spec as { readonly os?: { readonly name?: string } };
  return {
    pod,
    windows: os?.name === "windows",
    slots: slotsOf(pod),
    labels: new Map(),
    annotations: new Map(),
    nodeSelector: new Map(),
    volumes: noChange(),
    tolerations: noChange(),
    pullSecrets: noChange(),
    containers: noChange(),
    initContainers: noChange(),
    fields: [],
    seccomp: undefined,
    added: new Set(),
    claims: new Map(),
    wished: new Map(),
    mounts: [],
    outcomes: [],
    refusal: undefined,
    presetConflict: undefined,
  };
}

/** The containers a wish is for. */
export function chosenSlots(draft: Draft, choice: ContainerChoice): readonly Slot[] {
  return draft.slots.filter((slot) => !draft.added.has(slot.name) && isChosen(slot, choice));
}

/** Writes down what became of a wish in one place. */
export function note(
  draft: Draft,
  { source }: Wish,
  where: string,
  result: Outcome["result"],
  reason?: string,
): void {
  draft.outcomes.push(
    reason === undefined ? { source, where, result } : { source, where, result, reason },
  );
}

/** A wish that comes to nothing, which the pod's creator is told. */
export function noteSkipped(draft: Draft, { source }: Wish, where: string, reason: string): void {
  draft.outcomes.push({ source, where, result: "skipped", reason, warn: true });
}

/** A wish that found no container. */
export function noteNoContainer(draft: Draft, wish: Wish, what: string): void {
  note(draft, wish, what, "skipped", "no container of the pod is chosen");
}
