import type { Toleration } from "#kube/objects";

/** What the scheduler would look at, as the source pod had it. */
export interface Placement {
  /** Resource name to quantity, summed as the scheduler does. */
  readonly requests: Readonly<Record<string, string>>;
  readonly images: readonly string[];
  readonly tolerations?: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Any one of these terms must hold. */
  readonly requiredNodeAffinity?: readonly NodeSelectorTerm[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}
