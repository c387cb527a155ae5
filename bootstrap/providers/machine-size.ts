import type { WantedMachine } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";

/** What the settings of a cloud say about all machines of a role. */
interface Standard {
  readonly controlPlaneSize: string;
  readonly workerSize: string;
  readonly spot: boolean;
}

type Wish = Pick<WantedMachine, "role" | "size" | "spot">;

/** The size of a machine: its pool's, else the one of its role. */
export function sizeFor({ role, size }: Wish, standard: Omit<Standard, "spot">): string {
  return role === "control-plane" ? standard.controlPlaneSize : (size ?? standard.workerSize);
}

/** Only workers may be taken away; what a pool says goes before what is said for all. */
export function isSpot({ role, spot }: Wish, standard: Pick<Standard, "spot">): boolean {
  return role === "worker" && (spot ?? standard.spot);
}

/** Sizes that pools name for themselves. */
export function poolSizes(pools: readonly PoolSpec[]): readonly string[] {
  return [...new Set(pools.flatMap(({ size }) => (size === undefined ? [] : [size])))];
}

/** Refuses pools with a size or spot machines where machines are what they are. */
export function refusePoolSizes({ pools, provider }: ClusterSpec): void {
  pools.forEach(({ size, spot }, index) => {
    const field = size !== undefined ? "size" : spot === true ? "spot" : undefined;
    if (field === undefined) return;
    throw wrongField(
      `spec.pools[${index}].${field}`,
      `is for machines of a cloud, not of ${provider.name}`,
      "take it away: machines that are there, or on this host, are as they are",
    );
  });
}
