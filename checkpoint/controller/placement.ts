import type { Pod, PodSpec } from "#kube/objects";
import type { NodeSelectorTerm, Placement } from "#checkpoint/api/types";
import { formatQuantity, parseQuantity } from "#kube/quantity";

/** Resource name to amount in base units. */
export type Amounts = Readonly<Record<string, number>>;

/** What `placeNode` needs to know of a pod, in the form it is kept in a Checkpoint's status. */
export function placementOf(pod: Pod): Placement {
  const { tolerations, affinity } = pod.spec;
  const nodeSelector = withoutHostname(pod.spec.nodeSelector);
  const terms = requiredTerms(affinity);
  return {
    requests: Object.fromEntries(
      Object.entries(podRequests(pod.spec)).map(([name, amount]) => [
        name,
        formatQuantity(name, amount),
      ]),
    ),
    images: [
      ...new Set(
        (pod.status?.containerStatuses ?? []).flatMap((status) =>
          [status.image, status.imageID].filter((name) => name !== undefined && name !== ""),
        ),
      ),
    ] as string[],
    ...(tolerations ? { tolerations } : {}),
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(terms ? { requiredNodeAffinity: terms } : {}),
  };
}

/** Quantities in base units. */
export function amountsOf(quantities: Readonly<Record<string, string>> | undefined): Amounts {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, text]) => [name, parseQuantity(text)]),
  );
}

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

function maxAmounts(a: Amounts, b: Amounts): Amounts {
  const result: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    result[name] = Math.max(result[name] ?? 0, amount);
  }
  return result;
}

function requestsOf(part: Readonly<Record<string, unknown>>): Amounts {
  const resources = part["resources"] as
    { readonly requests?: Readonly<Record<string, string>> } | undefined;
  return amountsOf(resources?.requests);
}

/**
 * What the scheduler counts for a pod: the larger of all containers together and of each init
 * container with the sidecars before it, then the pod-level requests and the overhead.
 */
export function podRequests(spec: PodSpec): Amounts {
  let running: Amounts = {};
  let peak: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const alone = requestsOf(container);
    if (container["restartPolicy"] === "Always") {
      running = addAmounts(running, alone);
      peak = maxAmounts(peak, running);
    } else {
      peak = maxAmounts(peak, addAmounts(running, alone));
    }
  }
  for (const container of spec.containers) running = addAmounts(running, requestsOf(container));
  const overhead = amountsOf(spec["overhead"] as Readonly<Record<string, string>> | undefined);
  return addAmounts({ ...maxAmounts(peak, running), ...requestsOf(spec) }, overhead);
}

const hostname = "kubernetes.io/hostname";

/** A pin to one node, by name or label, does not bind where the pod goes on. */
function withoutHostname(selector: PodSpec["nodeSelector"]): PodSpec["nodeSelector"] {
  const entries = Object.entries(selector ?? {}).filter(([key]) => key !== hostname);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function requiredTerms(affinity: PodSpec["affinity"]): readonly NodeSelectorTerm[] | undefined {
  const node = affinity?.["nodeAffinity"] as
    | {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms?: readonly NodeSelectorTerm[];
        };
      }
    | undefined;
  const terms = node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const free = terms.map(({ matchExpressions = [] }) =>
    matchExpressions.filter(({ key }) => key !== hostname),
  );
  // Terms are alternatives: one that asks for nothing else lets the pod go anywhere.
  const binds = free.length > 0 && free.every((expressions) => expressions.length > 0);
  return binds ? free.map((matchExpressions) => ({ matchExpressions })) : undefined;
}
