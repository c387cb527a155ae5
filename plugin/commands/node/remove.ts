import { removeNode } from "#bootstrap/pools/remove-node";
import { argument, command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, drainFlags, drainOf, lifeAround } from "#plugin/cli/life";

export default command({
  summary: "Take a node out of its cluster, and its machine away",
  description:
    "Its pods are evicted first, which keeps every disruption budget. A control plane leaves etcd, and cluster create joins it anew. Machines of the ssh provider are reset and stay.",
  examples: ["node remove dev dev-node-2", "node remove dev dev-master-2 --force --timeout 1m"],
  args: {
    cluster: clusterArgument,
    node: argument({ description: "name of the node", required: true }),
  },
  flags: { ...drainFlags, yes: yesFlag },
  run: async ({ args, flags }, context) => {
    const { node, cluster } = args;
    await confirmChange(context, cluster, `Take ${node} out of ${cluster}, with all its data?`);
    const request = { ...clusterAt(context, cluster), node, drain: drainOf(flags) };
    const removed = await removeNode(request, lifeAround(context));
    const machine = removed.machineRemoved ? "its machine is gone" : "its machine was handed back";
    return {
      object: removed,
      names: [`node/${node}`],
      text: `${node} has left ${cluster}; ${machine}`,
    };
  },
});
