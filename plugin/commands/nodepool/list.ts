import { listNodePools } from "#bootstrap/pools/list-nodes";
import { command } from "#plugin/cli/command";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { poolList } from "#plugin/output/pools";

export default command({
  summary: "List the pools of a cluster with their bounds",
  description: "Min and max bound what is asked for by hand, and what nodepool autoscale does.",
  examples: ["nodepool list dev", "nodepool list dev -o wide"],
  args: { cluster: clusterArgument },
  run: async ({ args }, context) =>
    poolList(await listNodePools(clusterAt(context, args.cluster), lifeAround(context))),
});
