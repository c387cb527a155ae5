import { namedOrDefault } from "#bootstrap/contexts/default-cluster";
import { mergeCluster, readKubeconfig } from "#bootstrap/use-cluster";
import { checked } from "#plugin/cli/checks";
import { homeOf, userKubeconfig } from "#plugin/cli/clusters";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { boolean } from "#plugin/cli/flags";

export default command({
  summary: "Make a cluster kubectl's current one, or print how one shell can",
  examples: ["kubeadm use dev", 'eval "$(kubectl clouder kubeadm use dev --print-export)"'],
  args: {
    name: checked(argument({ description: "name [default: set-default's]" }), isClusterName),
  },
  flags: { "print-export": boolean({ description: "change nothing, print a line for the shell" }) },
  run: async ({ args, flags }, context) => {
    const home = homeOf(context);
    const name = await namedOrDefault(home, args.name);
    if (flags["print-export"]) {
      const { path } = await readKubeconfig(home, name);
      return { object: { path, context: name }, text: `export KUBECONFIG=${path}` };
    }
    const used = await mergeCluster(home, name, userKubeconfig(context));
    return { object: used, text: `the current context of ${used.kubeconfig} is ${used.context}` };
  },
});
