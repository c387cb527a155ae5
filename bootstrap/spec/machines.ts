import type { WantedMachine } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";

export const controlPlanePool = "control-plane";

/** The machines of a spec, the first control plane first; workers are numbered through all pools. */
export function wantedMachines(spec: ClusterSpec): readonly WantedMachine[] {
  const planes = Array.from({ length: spec.controlPlane.count }, (_, index) => ({
    name: index === 0 ? `${spec.name}-master` : `${spec.name}-master-${index + 1}`,
    role: "control-plane" as const,
    pool: controlPlanePool,
  }));
  const workers = spec.pools
    .flatMap((pool) => Array.from({ length: pool.count }, () => pool.name))
    .map((pool, index) => ({
      name: `${spec.name}-node-${index + 1}`,
      role: "worker" as const,
      pool,
    }));
  return [...planes, ...workers];
}

/** The pool of a machine; control-plane nodes have none of their own. */
export function poolOf(spec: ClusterSpec, name: string): PoolSpec | undefined {
  return spec.pools.find((pool) => pool.name === name);
}
