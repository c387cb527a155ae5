import original from "#plugin/commands/cluster/kubeconfig";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Tell where a cluster's kubeconfig is, print it, or merge it",
  examples: ["kubeadm get-config dev"],
});
