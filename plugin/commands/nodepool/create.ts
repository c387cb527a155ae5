import { createNodePool } from "#bootstrap/pools/node-pools";
import { argument, command } from "#plugin/cli/command";
import { boolean, string } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround, poolFlags, poolOf } from "#plugin/cli/life";
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
    flavor: string({
      aliases: ["size"],
      description: "in a cloud: size of its machines [default: the workers']",
    }),
    spot: boolean({ description: "in a cloud: machines that may be taken away, for less money" }),
    checkpoint: boolean({
      description: "prove the nodes by a real dump and restore",
      ...{ default: true, allowNo: true },
    }),
  },
  run: async ({ args, flags }, context) => {
    const where = { ...clusterAt(context, args.cluster), pool: args.pool };
    const { flavor: size, checkpoint } = flags;
    const kind = { size, checkpoint, spot: flags.spot || undefined };
    const request = { ...where, ...poolOf(flags), ...kind };
    const made = await createNodePool(request, lifeAround(context));
    return poolResult(made, "is ready");
  },
});
