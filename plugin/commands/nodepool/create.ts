import { createNodePool } from "#bootstrap/pools/node-pools";
import { argument, command } from "#plugin/cli/command";
import {
  clusterArgument,
  clusterAt,
  lifeAround,
  newPoolFlags,
  newPoolOf,
  poolFlags,
  poolOf,
} from "#plugin/cli/life";
import { poolResult } from "#plugin/output/pools";

export default command({
  summary: "Make a pool of nodes with labels and taints of its own",
  examples: [
    "nodepool create dev batch --desired 2",
    "nodepool create dev gpu-workers --flavor Standard_NC4as_T4_v3 --min 0 --desired 1 --max 5 --roles jupyter --xpu gpu-cuda",
    "nodepool create lab batch --host root@10.0.0.6",
  ],
  args: {
    cluster: clusterArgument,
    pool: argument({ description: "name of the pool", required: true }),
  },
  flags: {
    ...poolFlags,
    ...newPoolFlags,
  },
  run: async ({ args, flags }, context) => {
    const where = { ...clusterAt(context, args.cluster), pool: args.pool };
    const request = { ...where, ...poolOf(flags), ...newPoolOf(flags) };
    return poolResult(await createNodePool(request, lifeAround(context)), "is ready");
  },
});
