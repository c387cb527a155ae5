import { homeOf } from "#plugin/cli/clusters";
import { clustersWanted, listFlags } from "#plugin/cli/list-clusters";
import { command } from "#plugin/cli/command";
import { clusterList } from "#plugin/output/clusters";

export default command({
  summary: "List the clusters made here, with their state; with --provider those tagged there, too",
  examples: ["cluster list", "cluster list --details", "cluster list --provider aws -r us-east-1"],
  flags: listFlags,
  run: async ({ flags }, context) =>
    clusterList(await clustersWanted(homeOf(context), flags, context), context.clock.now()),
});
