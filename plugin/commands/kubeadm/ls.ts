import original from "#plugin/commands/cluster/list";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "List the clusters made here, with their state; with --cloud those tagged there, too",
  examples: ["kubeadm ls", "kubeadm ls --details", "kubeadm ls --cloud aws --region us-east-1"],
});
