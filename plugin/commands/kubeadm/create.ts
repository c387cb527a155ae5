import original from "#plugin/commands/cluster/create";
import { originalCreateFlags, originalDefaults } from "#plugin/cli/original-flags";
import { createAnswers } from "#plugin/cli/original-questions";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Make a cluster: machines, Kubernetes, kubeconfig; three workers unless told otherwise",
  examples: [
    "kubeadm create dev --provider azure --region eastus --worker-count 2 --kubernetes-version v1.36.3",
  ],
  defaults: originalDefaults,
  flags: originalCreateFlags,
  asks: createAnswers,
});
