import type { Pod, PodSpec } from "#kube/objects";
import type { NodeSelectorTerm, Placement } from "#checkpoint/api/types";
import { formatQuantity, parseQuantity } from "#checkpoint/controller/quantity";

/** Resource name to amount in base units. */
export type Amounts = Readonly<Record<string, number>>;

/** What `placeNode` needs to know of a pod, in the form it is kept in a Checkpoint's status. */
export function placementOf(pod: Pod): Placement {
  const { tolerations, nodeSelector, affinity } = pod.spec;
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

function requiredTerms(affinity: PodSpec["affinity"]): readonly NodeSelectorTerm[] | undefined {
  const node = affinity?.["nodeAffinity"] as
    | {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms?: readonly NodeSelectorTerm[];
        };
      }
    | undefined;
  const terms = node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  // A restored pod is pinned to its node by name; that pin must not bind its own checkpoints.
  const free = terms?.filter(
    (term) => !(term.matchFields ?? []).some((field) => field.key === "metadata.name"),
  );
  return free && free.length > 0 ? free : undefined;
}
