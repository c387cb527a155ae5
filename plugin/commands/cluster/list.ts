import { listClusters } from "#bootstrap/show-cluster";
import { homeOf, surroundings } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { clusterList } from "#plugin/output/clusters";

export default command({
  summary: "List the clusters made here, with their state",
  examples: ["cluster list", "cluster list -o json"],
  run: async (_input, context) =>
    clusterList(await listClusters(homeOf(context), surroundings(context)), context.clock.now()),
});
