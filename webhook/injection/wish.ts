import type {
  ConflictRule,
  ContainerChoice,
  EnvFromSource,
  EnvVar,
  MergeMode,
  Volume,
  VolumeMount,
} from "#webhook/api/types";
import type { Toleration } from "#kube/objects";

/**
 * The seam between policies and pods. `policy/` turns policies into wishes (no placeholder left, user
 * known and believed); `injection/` turns wishes into a patch and knows no policy.
 */
export interface Wish {
  readonly source: WishSource;
  readonly conflict: ConflictRule;
  readonly mergeMode: MergeMode;
  readonly containers: ContainerChoice;
  readonly allowReserved: readonly string[];
  readonly part: WishPart;
}

export interface WishSource {
  /** `InjectionPolicy/ns/name`, `ClusterInjectionPolicy/name` or `PodDefault/ns/name`. */
  readonly policy: string;
  readonly item: string;
}

const sourceNames = new WeakMap<WishSource, string>();

/** `policy/item`; put together once for each source, of which an item has one for all its wishes. */
export function sourceName(source: WishSource): string {
  let name = sourceNames.get(source);
  if (name === undefined) sourceNames.set(source, (name = `${source.policy}/${source.item}`));
  return name;
}

export type WishPart =
  | { readonly kind: "env"; readonly env: EnvVar }
  | { readonly kind: "envFrom"; readonly source: EnvFromSource }
  /** A volume with its mounts, which all name it. */
  | { readonly kind: "volume"; readonly volume: Volume; readonly mounts: readonly VolumeMount[] }
  /** Mounts of volumes that the pod has, or another wish brings. */
  | { readonly kind: "mounts"; readonly mounts: readonly VolumeMount[] }
  | { readonly kind: "serviceAccount"; readonly name: string }
  | { readonly kind: "automountToken"; readonly value: boolean }
  | { readonly kind: "runtimeClass"; readonly name: string }
  | { readonly kind: "seccomp"; readonly profile: Readonly<Record<string, string>> }
  | { readonly kind: "nodeSelector"; readonly key: string; readonly value: string }
  | { readonly kind: "toleration"; readonly toleration: Toleration }
  | { readonly kind: "label"; readonly key: string; readonly value: string }
  | { readonly kind: "annotation"; readonly key: string; readonly value: string }
  | { readonly kind: "imagePullSecret"; readonly name: string }
  | {
      readonly kind: "container";
      readonly init: boolean;
      readonly container: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: "command";
      readonly field: "command" | "args";
      readonly value: readonly string[];
    };

/** One RFC 6902 operation as it goes into the answer. */
export type PatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** What became of one wish in one place; `where` names it, such as `containers/c env HOME`. */
export interface Outcome {
  readonly source: WishSource;
  readonly where: string;
  readonly result: "injected" | "present" | "kept" | "overridden" | "skipped" | "refused";
  /** Why, for everything but injected and present. Never holds a value. */
  readonly reason?: string;
  /** The pod's creator is told. */
  readonly warn?: true;
}

export interface Injection {
  /** Minimal; empty when there is nothing to do. Applies with any RFC 6902 engine. */
  readonly operations: readonly PatchOperation[];
  readonly outcomes: readonly Outcome[];
  /** Set: the pod must be refused, with this message; operations are empty then. */
  readonly refusal?: string;
}
