import { giveAccess } from "#bootstrap/access-kubeconfig";
import { mergeCluster, readKubeconfig } from "#bootstrap/use-cluster";
import { accessFlags, accessOf } from "#plugin/cli/access-flags";
import { homeOf, userKubeconfig } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { boolean } from "#plugin/cli/flags";
import { clusterArgument, lifeAround } from "#plugin/cli/life";
import { accessResult } from "#plugin/output/kubeconfig";

export default command({
  summary:
    "Tell where a cluster's kubeconfig is, print it, merge it, or make one with fewer rights",
  examples: [
    "cluster kubeconfig dev",
    "cluster kubeconfig dev --merge",
    "cluster kubeconfig dev --role view --user ana --duration 8h",
  ],
  args: { name: clusterArgument },
  flags: {
    raw: boolean({
      description: "print the file; it gives full rights over the cluster",
      exclusive: ["merge"],
    }),
    merge: boolean({ description: "merge into the user's kubeconfig and use the context" }),
    ...accessFlags,
  },
  run: async ({ args, flags }, context) => {
    const home = homeOf(context);
    const wanted = accessOf({ home, cluster: args.name }, flags);
    if (wanted) return accessResult(await giveAccess(wanted, lifeAround(context)));
    const { path, context: name, text } = await readKubeconfig(home, args.name);
    if (flags.raw) return { object: text, text };
    if (!flags.merge) {
      return { object: { path, context: name }, text: `export KUBECONFIG=${path}` };
    }
    const merged = await mergeCluster(home, args.name, userKubeconfig(context));
    return { object: merged, text: `merged into ${merged.kubeconfig}; context ${merged.context}` };
  },
});
