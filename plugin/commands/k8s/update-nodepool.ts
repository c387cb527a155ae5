import original from "#plugin/commands/nodepool/update";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Change a pool: its bounds, labels and number of nodes",
  examples: ["k8s update-nodepool dev workers --desired 5"],
});
