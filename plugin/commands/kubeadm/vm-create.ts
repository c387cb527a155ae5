import original from "#plugin/commands/cluster/create";
import { originalDefaults } from "#plugin/cli/original-flags";
import { createAnswers } from "#plugin/cli/original-questions";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Make the machines of a cluster and their network; `kubeadm setup` does the rest",
  examples: [
    "kubeadm vm-create dev --region eastus --workers 3",
    "kubeadm vm-create dev --cloud aws --region us-east-1",
  ],
  defaults: { ...originalDefaults, "only-step": "machines" },
  asks: createAnswers,
});
