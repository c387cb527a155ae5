import type { Node } from "#kube/objects";
import type { Compatibility, NodeFacts, Placement } from "#checkpoint/api/types";
import { factsAgeMs, staleAfterMs } from "#checkpoint/api/node-facts";
import { restoreProblem } from "#checkpoint/compatibility/mechanism";
import { incompatibility } from "#checkpoint/compatibility/rule";
import { isSelected, untolerated } from "#checkpoint/controller/node-selection";
import { amountsOf, type Amounts } from "#checkpoint/controller/placement";
import { formatQuantity } from "#kube/quantity";

/** One node, as it is when a place for a Restore is looked for. */
export interface Candidate {
  readonly node: Node;
  readonly facts: NodeFacts | undefined;
  /** Requests of the pods there, and how many they are. */
  readonly used: Amounts;
  readonly podCount: number;
}

/** What the restored pod asks of a node. */
export interface Demand {
  readonly compatibility: Compatibility | undefined;
  readonly placement: Placement;
  /** Of the Restore; it must hold as well as the pod's own. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly rawBytes: number;
  readonly now: number;
}

interface NodeRule {
  readonly name: string;
  /** Waiting a little may help. */
  readonly passing: boolean;
  /** Why the node is no place for the pod; undefined when it is one as far as this rule goes. */
  readonly refuses: (candidate: Candidate, demand: Demand) => string | undefined;
}

/** Asked in this order; the first refusal is the one that is told. */
export const nodeRules: readonly NodeRule[] = [
  {
    name: "ready",
    passing: true,
    refuses: ({ node }) => (isReady(node) ? undefined : "the node is not Ready"),
  },
  {
    name: "schedulable",
    passing: false,
    refuses: ({ node }) => (node.spec.unschedulable ? "the node is cordoned" : undefined),
  },
  {
    name: "taints",
    passing: false,
    refuses: ({ node }, { placement }) => {
      const taint = untolerated(node.spec.taints, placement.tolerations);
      return taint && `the pod does not tolerate the taint ${taint.key}:${taint.effect}`;
    },
  },
  {
    name: "selected",
    passing: false,
    refuses: ({ node }, { placement, nodeSelector = {} }) =>
      isSelected(node, placement) && isSelected(node, { requests: {}, images: [], nodeSelector })
        ? undefined
        : "the pod's or the Restore's node selector, or the pod's node affinity, excludes it",
  },
  {
    name: "agent",
    passing: true,
    refuses: ({ facts }, { now }) => {
      if (!facts) return "no agent runs there";
      return factsAgeMs(facts, now) > staleAfterMs ? "its agent is silent" : undefined;
    },
  },
  {
    name: "handler",
    passing: false,
    refuses: ({ facts }) => facts && restoreProblem(facts),
  },
  {
    name: "compatible",
    passing: false,
    refuses: ({ facts }, { compatibility }) =>
      facts && compatibility ? incompatibility(compatibility, facts) : undefined,
  },
  { name: "room", passing: true, refuses: lacksRoom },
  {
    name: "disk",
    passing: true,
    refuses: ({ facts }, { rawBytes }) =>
      facts && facts.freeBytes < rawBytes * 1.1
        ? `only ${mebibytes(facts.freeBytes)} of disk are free, staging needs ${mebibytes(rawBytes * 1.1)}`
        : undefined,
  },
];

export function isReady(node: Node): boolean {
  return (node.status?.conditions ?? []).some(
    (condition) => condition.type === "Ready" && condition.status === "True",
  );
}

function lacksRoom(candidate: Candidate, { placement }: Demand): string | undefined {
  const allocatable = amountsOf(candidate.node.status?.allocatable);
  const capacity = allocatable["pods"];
  if (capacity !== undefined && candidate.podCount + 1 > capacity) {
    return `it runs ${candidate.podCount} pods already, as many as it may`;
  }
  for (const [name, wanted] of Object.entries(amountsOf(placement.requests))) {
    if (wanted === 0) continue;
    const free = (allocatable[name] ?? 0) - (candidate.used[name] ?? 0);
    if (wanted > free + 1e-9) {
      const has = formatQuantity(name, Math.max(0, free));
      return `not enough ${name}: ${formatQuantity(name, wanted)} requested, ${has} free`;
    }
  }
  return undefined;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
