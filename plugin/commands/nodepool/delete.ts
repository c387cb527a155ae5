import { deleteNodePool } from "#bootstrap/pools/node-pools";
import { argument, command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, drainFlags, drainOf, lifeAround } from "#plugin/cli/life";
import { poolResult } from "#plugin/output/pools";

export default command({
  summary: "Remove a pool with its nodes, each drained first",
  examples: ["nodepool delete dev batch", "nodepool delete dev batch --yes --timeout 10m"],
  args: {
    cluster: clusterArgument,
    pool: argument({ description: "name of the pool", required: true }),
  },
  flags: { ...drainFlags, yes: yesFlag },
  run: async ({ args, flags }, context) => {
    await confirmChange(context, args.cluster, `Remove the pool ${args.pool} with all its nodes?`);
    const request = { ...clusterAt(context, args.cluster), pool: args.pool };
    const around = lifeAround(context);
    return poolResult(
      await deleteNodePool({ ...request, drain: drainOf(flags) }, around),
      "is gone",
    );
  },
});
