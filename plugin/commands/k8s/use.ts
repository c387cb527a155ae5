import original from "#plugin/commands/cluster/use";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Make a cluster kubectl's current one",
  examples: ["k8s use dev"],
});
