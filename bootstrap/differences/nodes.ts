import { addonDifferences } from "./addons.ts";
import type { AddonInput } from "#bootstrap/addons/addon";
import { fieldDifferences, type Difference } from "./difference.ts";
import type { WantedMachine } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { poolOf } from "#bootstrap/spec/machines";
import { labelsOf, taintsOf } from "#bootstrap/steps/mark-nodes";
import { isClouderError, messageOf } from "#core/error";
import type { Kube } from "#kube/kube";
import { configMaps, daemonSets, nodes, type Node } from "#kube/resources";

/** What the API server says: each node, the pod network, the networks that kubeadm wrote down. */
export async function clusterDifferences(
  spec: ClusterSpec,
  wanted: readonly WantedMachine[],
  connect: () => Promise<Kube>,
  addonInput: () => Promise<AddonInput> = () => Promise.resolve({ spec }),
): Promise<readonly Difference[]> {
  try {
    const kube = await connect();
    const [live, settled, network, addons] = await Promise.all([
      kube.list(nodes),
      settledDifferences(kube, spec),
      podNetwork(kube, spec),
      addonDifferences(kube, await addonInput()),
    ]);
    const ofNodes = wanted.flatMap((one) => nodeDifference(spec, one, live));
    return [...settled, ...network, ...ofNodes, ...addons];
  } catch (error) {
    if (!isClouderError(error)) throw error;
    const fields = [{ field: "api", before: messageOf(error), after: "answers" }];
    return [{ object: `cluster/${spec.name}`, change: "update", fields }];
  }
}

function nodeDifference(
  spec: ClusterSpec,
  machine: WantedMachine,
  live: readonly Node[],
): readonly Difference[] {
  const node = live.find(({ metadata }) => metadata.name === machine.name);
  const wanted = {
    ...prefixed("labels", labelsOf(spec, machine)),
    ...((poolOf(spec, machine.pool)?.checkpoint ?? true) && {
      "labels.clouder.datalayer.io/checkpoint": "proven",
    }),
    ...taints(taintsOf(spec, machine).filter(({ absent }) => absent !== true)),
    ready: "True",
    kubelet: spec.kubernetesVersion,
  };
  const before = node ? pick(stateOf(node), wanted, taintsOf(spec, machine)) : {};
  const fields = fieldDifferences(before, wanted);
  if (fields.length === 0) return [];
  return [{ object: `node/${machine.name}`, change: node ? "update" : "create", fields }];
}

type State = Readonly<Record<string, string | undefined>>;

function stateOf(node: Node): State {
  return {
    ...prefixed("labels", node.metadata.labels ?? {}),
    ...taints(node.spec.taints ?? []),
    ready: node.status?.conditions?.find(({ type }) => type === "Ready")?.status,
    kubelet: node.status?.nodeInfo?.kubeletVersion,
  };
}

/** Labels and taints of others are theirs; those that we take away count when they are there. */
function pick(state: State, wanted: State, known: ReturnType<typeof taintsOf>): State {
  const ours = new Set([...Object.keys(wanted), ...Object.keys(taints(known))]);
  return Object.fromEntries(Object.entries(state).filter(([field]) => ours.has(field)));
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): State {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]),
  );
}

function taints(
  all: readonly { readonly key: string; readonly value?: string; readonly effect: string }[],
): State {
  return Object.fromEntries(
    // The step leaves the value of a taint that is there: key and effect make it what it is.
    all.map(({ key, effect }) => [`taints.${key}:${effect}`, "set"]),
  );
}

/** Networks and names that init wrote down: nothing changes them afterwards. */
async function settledDifferences(kube: Kube, spec: ClusterSpec): Promise<readonly Difference[]> {
  const { data } = await kube.get(configMaps, { namespace: "kube-system", name: "kubeadm-config" });
  const { parse } = await import("yaml");
  const settled = parse(data?.["ClusterConfiguration"] ?? "{}") as {
    readonly networking?: Readonly<Record<string, string>>;
  };
  const fields = fieldDifferences(
    {
      "spec.network.podCIDR": settled.networking?.["podSubnet"],
      "spec.network.serviceCIDR": settled.networking?.["serviceSubnet"],
      "spec.network.dnsDomain": settled.networking?.["dnsDomain"],
    },
    {
      "spec.network.podCIDR": spec.network.podCIDR,
      "spec.network.serviceCIDR": spec.network.serviceCIDR,
      "spec.network.dnsDomain": spec.network.dnsDomain,
    },
  );
  if (fields.length === 0) return [];
  const cure = `make another cluster: networks last as long as ${spec.name} does`;
  return [{ object: `cluster/${spec.name}`, change: "refused", fields, cure }];
}

async function podNetwork(kube: Kube, spec: ClusterSpec): Promise<readonly Difference[]> {
  const found = await kube.list(daemonSets, { labelSelector: "app=flannel" });
  if (found.length > 0) return [];
  const fields = [{ field: "spec.network.cni", after: spec.network.cni }];
  return [{ object: "daemonset/kube-flannel", change: "create", fields }];
}
