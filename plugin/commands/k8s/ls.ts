import original from "#plugin/commands/cluster/list";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "List the clusters made here, with their state; with --cloud those tagged there, too",
  examples: ["k8s ls", "k8s ls --details", "k8s ls --cloud azure"],
});
