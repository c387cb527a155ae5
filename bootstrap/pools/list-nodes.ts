import { findRecord } from "#bootstrap/cluster-folder";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { nodeXpu } from "#bootstrap/pools/node-xpu";
import { nodeLabels } from "#bootstrap/pools/pool-kind";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wantedMachines } from "#bootstrap/spec/machines";
import { readKubeconfig } from "#bootstrap/use-cluster";
import { nodes, type Node } from "#kube/resources";

/** One node as the cluster sees it now. */
export interface ListedNode {
  readonly name: string;
  readonly role: string;
  readonly pool: string;
  /** "absent" where the cluster has no such node. */
  readonly state: "ready" | "cordoned" | "not ready" | "absent";
  /** `cpu`, `gpu-cuda`; empty where no label of the node says it. */
  readonly xpu: string;
  readonly version: string;
  readonly address: string;
}

export interface ListedPool {
  readonly name: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  /** Of its own; absent: that of all workers. */
  readonly size?: string;
  readonly spot?: boolean;
  readonly ready: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: PoolSpec["taints"];
}

/** The bounds of a pool that names none. */
const poolBounds = { min: 0, max: 150 } as const;

/** The nodes that a cluster is to have. */
export async function listNodes(
  { home, cluster }: ClusterName,
  around: LifeAround,
): Promise<readonly ListedNode[]> {
  const { spec } = await findRecord(home, cluster);
  const { path } = await readKubeconfig(home, cluster);
  const kube = await around.connect(path);
  return listed(spec, await kube.list(nodes));
}

/** The pools that a cluster is to have, and how many of their nodes are ready. */
export async function listNodePools(
  where: ClusterName,
  around: LifeAround,
): Promise<readonly ListedPool[]> {
  const { spec } = await findRecord(where.home, where.cluster);
  const seen = await listNodes(where, around);
  return spec.pools.map((pool) => ({
    name: pool.name,
    min: pool.min ?? poolBounds.min,
    desired: pool.count,
    max: pool.max ?? poolBounds.max,
    ...(pool.size !== undefined && { size: pool.size }),
    ...(pool.spot !== undefined && { spot: pool.spot }),
    ready: seen.filter((one) => one.pool === pool.name && one.state === "ready").length,
    labels: nodeLabels(pool),
    taints: pool.taints,
  }));
}

function listed(spec: ClusterSpec, present: readonly Node[]): readonly ListedNode[] {
  return wantedMachines(spec).map(({ name, role, pool }) => {
    const node = present.find(({ metadata }) => metadata.name === name);
    const address = node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
    return {
      ...{ name, role, pool, state: stateOf(node) },
      xpu: nodeXpu(node?.metadata.labels),
      version: node?.status?.nodeInfo?.kubeletVersion ?? "",
      address: address ?? "",
    };
  });
}

function stateOf(node: Node | undefined): ListedNode["state"] {
  if (!node) return "absent";
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return "not ready";
  return node.spec.unschedulable === true ? "cordoned" : "ready";
}
