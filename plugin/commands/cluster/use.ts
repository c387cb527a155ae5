import { mergeCluster } from "#bootstrap/use-cluster";
import { homeOf, userKubeconfig } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";

export default command({
  summary: "Make a cluster kubectl's current one",
  examples: ["cluster use dev"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  run: async ({ args }, context) => {
    const used = await mergeCluster(homeOf(context), args.name, userKubeconfig(context));
    return { object: used, text: `the current context of ${used.kubeconfig} is ${used.context}` };
  },
});
