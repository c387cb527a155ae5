import original from "#plugin/commands/cluster/show";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Show a cluster: its machines, nodes and network",
  examples: ["kubeadm info dev"],
});
