import type { Provider } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";
import { ClouderError } from "#core/error";

/** A pool that an autoscaler may make larger and smaller. */
export interface Group {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/**
 * Pools with a bound of their own; the others keep the size that people give them. The last node of
 * a pool stays: by it an autoscaler knows what another one would be like.
 */
export function groupsOf({ pools }: Pick<ClusterSpec, "pools">): readonly Group[] {
  const bounded = ({ min, max }: PoolSpec) => min !== undefined || max !== undefined;
  return pools
    .filter(bounded)
    .map(({ name, min = 0, max = 150 }) => ({ name, min: Math.max(1, min), max }));
}

/** Fails where an autoscaler could do nothing: outside of clouds, or without a pool with bounds. */
export function refuseUnscalable(
  spec: Pick<ClusterSpec, "name" | "pools">,
  { cloudFacts }: Pick<Provider, "cloudFacts">,
): void {
  if (!cloudFacts) {
    throw new ClouderError("unsupported", `${spec.name} is in no cloud`, {
      hint: "an autoscaler knows nodes by what their cloud calls them, and makes new ones there",
    });
  }
  if (groupsOf(spec).length > 0) return;
  throw wrongField(
    "spec.pools",
    "has no pool with min or max",
    `bound one: kubectl clouder nodepool update ${spec.name} ${spec.pools[0]?.name ?? "workers"} --min 1 --max 5`,
  );
}
