import type { WantedMachine } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";

export const controlPlanePool = "control-plane";

/** The machines of a spec, the first control plane first, then the pools' in their order. */
export function wantedMachines(spec: ClusterSpec): readonly WantedMachine[] {
  const planes = Array.from({ length: spec.controlPlane.count }, (_, index) => ({
    name: index === 0 ? `${spec.name}-master` : `${spec.name}-master-${index + 1}`,
    role: "control-plane" as const,
    pool: controlPlanePool,
  }));
  const numbered = withNumbers(spec);
  const workers = numbered.pools.flatMap(({ name, size, spot, numbers = [] }) =>
    numbers.map((number) => ({
      name: `${spec.name}-node-${number}`,
      role: "worker" as const,
      pool: name,
      ...(size !== undefined && { size }),
      ...(spot !== undefined && { spot }),
    })),
  );
  return [...planes, ...workers];
}

/**
 * Gives every worker the number of its name. A node that `known` has keeps its number, so that a
 * change of one pool never renames the nodes of another; new ones take the lowest that are free.
 */
export function withNumbers(spec: ClusterSpec, known?: ClusterSpec): ClusterSpec {
  const before = known === undefined ? spec.pools : withNumbers(known).pools;
  const kept = spec.pools.map(({ name, count }) =>
    (before.find((pool) => pool.name === name)?.numbers ?? []).slice(0, count),
  );
  const taken = new Set(kept.flat());
  const next = () => {
    let number = 1;
    while (taken.has(number)) number += 1;
    taken.add(number);
    return number;
  };
  const pools = spec.pools.map((pool, index) => {
    const own = kept[index] ?? [];
    const fresh = Array.from({ length: pool.count - own.length }, next);
    return { ...pool, numbers: [...own, ...fresh].sort((one, other) => one - other) };
  });
  return { ...spec, pools };
}

/** The pool of a machine; control-plane nodes have none of their own. */
export function poolOf(spec: ClusterSpec, name: string): PoolSpec | undefined {
  return spec.pools.find((pool) => pool.name === name);
}
