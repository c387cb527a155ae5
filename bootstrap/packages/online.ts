import type { Origin } from "#bootstrap/packages/apt/repositories";
import { publicChart } from "#bootstrap/packages/charts";
import { fromRepositories } from "#bootstrap/packages/from-repositories";
import type { PackageDriver } from "#bootstrap/packages/packages";
import { upstream } from "#bootstrap/packages/upstream";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";

/** The vendors' own repositories and registries. */
export const onlineDriver: PackageDriver<Extract<PackageSource, { kind: "online" }>> = {
  open: ({ containerdVersion }) => {
    const origin: Origin = {
      kubernetes: upstream.kubernetes,
      containerd: upstream.containerd,
      criu: upstream.criu,
      nvidia: upstream.nvidia,
      containerdVersion: containerdVersion ?? upstream.containerd.series,
    };
    return Promise.resolve(fromRepositories(`the public repositories`, origin, [], publicChart));
  },
};
