import { mergeCluster, readKubeconfig } from "#bootstrap/use-cluster";
import { homeOf, userKubeconfig } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { boolean } from "#plugin/cli/flags";

export default command({
  summary: "Tell where a cluster's kubeconfig is, print it, or merge it",
  examples: [
    "cluster kubeconfig dev",
    "cluster kubeconfig dev --raw > dev.yaml",
    "cluster kubeconfig dev --merge",
  ],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  flags: {
    raw: boolean({
      description: "print the file; it gives full rights over the cluster",
      exclusive: ["merge"],
    }),
    merge: boolean({ description: "merge into the user's kubeconfig and use the context" }),
  },
  run: async ({ args, flags }, context) => {
    const home = homeOf(context);
    const { path, context: name, text } = await readKubeconfig(home, args.name);
    if (flags.raw) return { object: text, text };
    if (!flags.merge) {
      return { object: { path, context: name }, text: `export KUBECONFIG=${path}` };
    }
    const merged = await mergeCluster(home, args.name, userKubeconfig(context));
    return { object: merged, text: `merged into ${merged.kubeconfig}; context ${merged.context}` };
  },
});
