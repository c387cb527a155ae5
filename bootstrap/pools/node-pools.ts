import type { DrainOptions } from "#bootstrap/pools/drain";
import { poolCalled, withWorkers } from "#bootstrap/pools/members";
import {
  atCluster,
  growInto,
  keepSpec,
  type ClusterName,
  type LifeAround,
  type Place,
} from "#bootstrap/pools/place";
import { poolLabels, poolTaints, type PoolKind } from "#bootstrap/pools/pool-kind";
import { takeOut } from "#bootstrap/pools/remove-node";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { validateSpec } from "#bootstrap/spec/validate";
import { wantedMachines, withNumbers } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

/** What a request says about a pool's size; what is absent stays as it is. */
export interface PoolSize {
  readonly min?: number | undefined;
  readonly desired?: number | undefined;
  readonly max?: number | undefined;
}

/** What can be said about a pool, new or not. */
export interface PoolWishes extends PoolSize, PoolKind {
  /** For clusters of the user's own machines: one for each node that joins. */
  readonly hosts?: readonly string[] | undefined;
}

export interface CreateNodePoolRequest extends ClusterName, PoolWishes {
  readonly pool: string;
  /** Size of its machines in a cloud; absent: that of all workers. */
  readonly size?: string | undefined;
  /** Machines that may be taken away; absent: as for all workers. */
  readonly spot?: boolean | undefined;
  /** Install NVIDIA's driver where its machines have a GPU; absent: if it is one of GPUs. */
  readonly gpuDriver?: boolean | undefined;
  /** Prove its nodes by a real dump and restore; default true. */
  readonly checkpoint?: boolean | undefined;
}

export interface UpdateNodePoolRequest extends ClusterName, PoolWishes {
  readonly pool: string;
  readonly drain: DrainOptions;
}

/** A pool after a change. */
export interface ChangedPool {
  readonly pool: PoolSpec;
  readonly nodes: readonly string[];
}

/** Makes a pool and its nodes. `exists` when there is one of that name. */
export async function createNodePool(
  request: CreateNodePoolRequest,
  around: LifeAround,
): Promise<ChangedPool> {
  return await atCluster(request, around, async (place) => {
    const { min, max, hosts = [] } = request;
    const desired = request.desired ?? (hosts.length > 0 ? hosts.length : Math.max(1, min ?? 0));
    if (place.spec.pools.some(({ name }) => name === request.pool)) {
      throw new ClouderError("exists", `${place.spec.name} has a pool ${request.pool} already`, {
        hint: `change it: kubectl clouder nodepool update ${place.spec.name} ${request.pool}`,
      });
    }
    const empty: PoolSpec = {
      ...{ name: request.pool, count: 0, checkpoint: request.checkpoint ?? true },
      ...(request.size !== undefined && { size: request.size }),
      ...(request.spot !== undefined && { spot: request.spot }),
      ...(request.gpuDriver !== undefined && { gpuDriver: request.gpuDriver }),
      ...{ labels: poolLabels(request, {}), taints: poolTaints(request, []) },
    };
    const spec = { ...place.spec, pools: [...place.spec.pools, empty] };
    const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    const grown = withWorkers(spec, request.pool, desired, hosts);
    return await grow(place, withPool(grown, request.pool, bounds), request.pool);
  });
}

/** Changes a pool's bounds, labels and number of nodes; nodes that leave are drained first. */
export async function updateNodePool(
  request: UpdateNodePoolRequest,
  around: LifeAround,
): Promise<ChangedPool> {
  return await atCluster(request, around, async (place) => {
    const { pool: name, min, max, hosts = [] } = request;
    const known = poolCalled(place.spec, name);
    const desired = request.desired ?? known.count + hosts.length;
    const changed = {
      ...{ labels: poolLabels(request, known.labels), taints: poolTaints(request, known.taints) },
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    };
    // What is wanted is checked whole before the first node is touched.
    validateSpec(withPool(place.spec, name, { ...changed, count: desired }));
    const spec = withPool(place.spec, name, changed);
    if (desired >= known.count) {
      return await grow(place, withWorkers(spec, name, desired - known.count, hosts), name);
    }
    const smaller = await shrink({ ...place, spec }, name, known.count - desired, request.drain);
    return await grow({ ...place, spec: smaller }, smaller, name);
  });
}

/** Removes a pool with its nodes, each drained first. */
export async function deleteNodePool(
  request: ClusterName & { readonly pool: string; readonly drain: DrainOptions },
  around: LifeAround,
): Promise<ChangedPool> {
  return await atCluster(request, around, async (place) => {
    const pool = poolCalled(place.spec, request.pool);
    const nodes = nodesOf(place.spec, pool.name);
    const spec = await shrink(place, pool.name, pool.count, request.drain);
    await keepSpec(place, { ...spec, pools: spec.pools.filter(({ name }) => name !== pool.name) });
    return { pool: { ...pool, count: 0 }, nodes };
  });
}

/** Adds nodes to a pool. */
export async function addNodes(
  request: ClusterName & {
    readonly pool?: string | undefined;
    readonly count?: number | undefined;
    readonly hosts?: readonly string[] | undefined;
  },
  around: LifeAround,
): Promise<ChangedPool> {
  return await atCluster(request, around, async (place) => {
    const { hosts = [] } = request;
    const name = request.pool ?? place.spec.pools[0]?.name ?? "workers";
    poolCalled(place.spec, name);
    const count = request.count ?? Math.max(1, hosts.length);
    return await grow(place, withWorkers(place.spec, name, count, hosts), name);
  });
}

function withPool(spec: ClusterSpec, name: string, change: Partial<PoolSpec>): ClusterSpec {
  const pools = spec.pools.map((pool) => (pool.name === name ? { ...pool, ...change } : pool));
  return { ...spec, pools };
}

async function grow(place: Place, spec: ClusterSpec, name: string): Promise<ChangedPool> {
  await growInto(place, spec);
  return { pool: poolCalled(spec, name), nodes: nodesOf(withNumbers(spec, place.spec), name) };
}

/** The nodes with the highest numbers go, one after another. */
async function shrink(
  place: Place,
  name: string,
  by: number,
  drain: DrainOptions,
): Promise<ClusterSpec> {
  let spec = place.spec;
  for (let left = by; left > 0; left -= 1) {
    const machine = wantedMachines(spec).findLast(({ pool }) => pool === name);
    if (!machine) break;
    spec = await takeOut({ ...place, spec }, machine, drain);
  }
  return spec;
}

function nodesOf(spec: ClusterSpec, pool: string): readonly string[] {
  return wantedMachines(spec).flatMap((one) => (one.pool === pool ? [one.name] : []));
}
