import { addNodes } from "#bootstrap/pools/node-pools";
import { command } from "#plugin/cli/command";
import { integer, string } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround, poolFlags } from "#plugin/cli/life";
import { poolResult } from "#plugin/output/pools";

export default command({
  summary: "Add nodes to a pool of a cluster",
  examples: [
    "node add dev",
    "node add dev --pool gpu-workers --count 2",
    "node add lab --host root@10.0.0.6",
  ],
  args: { cluster: clusterArgument },
  flags: {
    pool: string({ description: "pool that grows [default: the first]" }),
    count: integer({
      description: "number of nodes [default: 1, or one a host]",
      min: 1,
      max: 150,
    }),
    host: poolFlags.host,
  },
  run: async ({ args, flags }, context) => {
    const request = { ...clusterAt(context, args.cluster), ...flags, hosts: flags.host };
    return poolResult(await addNodes(request, lifeAround(context)), "has");
  },
});
