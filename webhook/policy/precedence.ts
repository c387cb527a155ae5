import type { InjectionPolicy } from "#webhook/api/types";

/** How a policy is called in warnings, events and `inject explain`. */
export function policyName({ kind, metadata }: InjectionPolicy): string {
  return kind === "ClusterInjectionPolicy"
    ? `${kind}/${metadata.name}`
    : `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}

/** The namespaced before the cluster's: who is nearer to the pod knows better. */
const ranks = { InjectionPolicy: 0, PodDefault: 1, ClusterInjectionPolicy: 2 } as const;

/** Sorts highest precedence first: priority, then the namespaced before the cluster's, then name. */
export function byPrecedence(a: InjectionPolicy, b: InjectionPolicy): number {
  const priority = (b.spec.priority ?? 0) - (a.spec.priority ?? 0);
  if (priority !== 0) return priority;
  const rank = ranks[a.kind] - ranks[b.kind];
  if (rank !== 0) return rank;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
