import { showCluster } from "#bootstrap/show-cluster";
import { connectBriefly, homeOf, surroundings } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { clusterShown } from "#plugin/output/clusters";

export default command({
  summary: "Show a cluster: its machines, nodes and network",
  examples: ["cluster show dev", "cluster show dev -o json"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  run: async ({ args }, context) =>
    clusterShown(
      await showCluster(homeOf(context), args.name, surroundings(context), connectBriefly),
    ),
});
