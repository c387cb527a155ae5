import type { Container, Pod } from "#kube/objects";
import { injectionAnnotations } from "#webhook/api/names";
import type {
  ContainerChoice,
  ContainerKind,
  EnvFromSource,
  EnvVar,
  VolumeMount,
} from "#webhook/api/types";
import { matchesAny } from "#webhook/injection/globs";
import type { ListChange } from "#webhook/injection/list-change";
import { listOf, noChange } from "#webhook/injection/list-change";

/** A container of the pod, and what is going to change in it. */
export interface Slot {
  readonly path: string;
  /** In outcomes: `containers/main`. */
  readonly where: string;
  readonly name: string;
  readonly kind: ContainerKind;
  readonly container: Container;
  readonly env: ListChange<EnvVar>;
  readonly envFrom: EnvFromChange;
  readonly mounts: ListChange<VolumeMount>;
  readonly fields: (readonly [name: string, value: unknown])[];
}

export interface EnvFromChange {
  /** In front of the pod's own. */
  readonly front: EnvFromGroup[];
  /** Behind the pod's own. */
  readonly back: EnvFromGroup[];
  readonly replaced: ListChange<EnvFromSource>["replaced"];
}

/** One policy's: its own order is kept while the first policy's come last. */
export interface EnvFromGroup {
  readonly key: string;
  readonly sources: EnvFromSource[];
}

/**
 * All containers that things may be injected into. Not those of the annotation skip-containers, nor
 * ephemeral ones: these are added to running pods, by their own subresource.
 */
export function slotsOf(pod: Pod): readonly Slot[] {
  const skipped = skippedNames(pod.metadata.annotations?.[injectionAnnotations.skipContainers]);
  const slots: Slot[] = [];
  for (const list of ["initContainers", "containers"] as const) {
    const containers = listOf<Container>(pod.spec[list]);
    for (let index = 0; index < containers.length; index++) {
      const container = containers[index];
      if (container === undefined || skipped.includes(container.name)) continue;
      slots.push(slotOf(list, index, container));
    }
  }
  return slots;
}

function slotOf(list: "containers" | "initContainers", index: number, container: Container): Slot {
  const sidecar = container["restartPolicy"] === "Always";
  return {
    path: `/spec/${list}/${index}`,
    where: `${list}/${container.name}`,
    name: container.name,
    kind: list === "containers" ? "Main" : sidecar ? "Sidecar" : "Init",
    container,
    env: noChange(),
    envFrom: { front: [], back: [], replaced: [] },
    mounts: noChange(),
    fields: [],
  };
}

function skippedNames(annotation: string | undefined): readonly string[] {
  return typeof annotation === "string" ? annotation.split(",").map((name) => name.trim()) : [];
}

/** Is the container one of those that a wish is for? */
export function isChosen({ name, kind }: Slot, choice: ContainerChoice): boolean {
  if (choice.kinds !== undefined && !choice.kinds.includes(kind)) return false;
  if (choice.include !== undefined && !matchesAny(name, choice.include)) return false;
  return choice.exclude === undefined || !matchesAny(name, choice.exclude);
}
