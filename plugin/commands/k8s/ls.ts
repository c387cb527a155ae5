import original from "#plugin/commands/cluster/list";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "List the clusters made here, with their state",
  examples: ["k8s ls"],
});
