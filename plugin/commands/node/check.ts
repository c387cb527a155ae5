import { checkNode } from "#bootstrap/pools/check-node";
import { argument, command } from "#plugin/cli/command";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { findingsResult } from "#plugin/output/findings";

export default command({
  summary: "Look at a node from its cluster and on its machine",
  examples: ["node check dev dev-node-1"],
  args: {
    cluster: clusterArgument,
    node: argument({ description: "name of the node", required: true }),
  },
  run: async ({ args }, context) => {
    const request = { ...clusterAt(context, args.cluster), node: args.node };
    return findingsResult(await checkNode(request, lifeAround(context)), []);
  },
});
