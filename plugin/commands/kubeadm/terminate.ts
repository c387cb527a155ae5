import original from "#plugin/commands/cluster/delete";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Delete a cluster and everything that was made for it",
  examples: ["kubeadm terminate dev --yes", "kubeadm terminate dev --force --delete-rg"],
});
