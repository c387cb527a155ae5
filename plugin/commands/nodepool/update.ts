import { updateNodePool } from "#bootstrap/pools/node-pools";
import { argument, command } from "#plugin/cli/command";
import {
  clusterArgument,
  clusterAt,
  drainFlags,
  drainOf,
  lifeAround,
  poolFlags,
  poolOf,
} from "#plugin/cli/life";
import { poolResult } from "#plugin/output/pools";

export default command({
  summary: "Change a pool: its bounds, labels and number of nodes",
  description: "What is not given stays as it is. Nodes that leave are drained first.",
  examples: ["nodepool update dev workers --desired 5", "nodepool update dev batch --max 8"],
  args: {
    cluster: clusterArgument,
    pool: argument({ description: "name of the pool", required: true }),
  },
  flags: { ...poolFlags, ...drainFlags },
  run: async ({ args, flags }, context) => {
    const where = { ...clusterAt(context, args.cluster), pool: args.pool };
    const request = { ...where, ...poolOf(flags), drain: drainOf(flags) };
    return poolResult(await updateNodePool(request, lifeAround(context)), "is as wanted");
  },
});
