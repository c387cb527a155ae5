import type { Node } from "#kube/objects";
import type { NodeSelectorRequirement, NodeSelectorTerm, Placement } from "#checkpoint/api/types";

type Taint = NonNullable<Node["spec"]["taints"]>[number];
type Toleration = NonNullable<Placement["tolerations"]>[number];

/** The first taint that would keep the pod off the node. */
export function untolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
): Taint | undefined {
  return taints?.find(
    (taint) =>
      taint.effect !== "PreferNoSchedule" &&
      !(tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (!toleration.key) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

/** Whether the node selector and the required node affinity let the pod onto the node. */
export function isSelected(node: Node, placement: Placement): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(placement.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const terms = placement.requiredNodeAffinity;
  return terms === undefined || terms.some((term) => matchesTerm(node, term));
}

function matchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  const labels = node.metadata.labels ?? {};
  const fields: Readonly<Record<string, string>> = { "metadata.name": node.metadata.name };
  const expressions = term.matchExpressions ?? [];
  const fieldRequirements = term.matchFields ?? [];
  // A term without any requirement matches nothing, as in the scheduler.
  if (expressions.length + fieldRequirements.length === 0) return false;
  return (
    expressions.every((requirement) => matches(labels[requirement.key], requirement)) &&
    fieldRequirements.every((requirement) => matches(fields[requirement.key], requirement))
  );
}

function matches(value: string | undefined, requirement: NodeSelectorRequirement): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return Number(value) > Number(values[0]);
    case "Lt":
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
}
