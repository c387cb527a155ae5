import { listNodes } from "#bootstrap/pools/list-nodes";
import { command } from "#plugin/cli/command";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { nodeList } from "#plugin/output/pools";

export default command({
  summary: "List the nodes of a cluster with their pools and state",
  examples: ["node list dev", "node list dev -o json"],
  args: { cluster: clusterArgument },
  run: async ({ args }, context) =>
    nodeList(await listNodes(clusterAt(context, args.cluster), lifeAround(context))),
});
