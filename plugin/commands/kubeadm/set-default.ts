import { setDefaultCluster } from "#bootstrap/contexts/default-cluster";
import { checked } from "#plugin/cli/checks";
import { homeOf } from "#plugin/cli/clusters";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";

export default command({
  summary: "Choose the cluster that `kubeadm use` means when none is named",
  examples: ["kubeadm set-default dev"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  run: async ({ args: { name } }, context) => {
    await setDefaultCluster(homeOf(context), name);
    return { object: { name }, names: [`cluster/${name}`], text: `${name} is the default cluster` };
  },
});
