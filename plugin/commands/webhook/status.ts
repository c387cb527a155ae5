import { command } from "#plugin/cli/command";
import { clusterFlags } from "#plugin/cli/flags";
import { webhookStatusResult } from "#plugin/output/webhook";
import { webhookStatus } from "#webhook/install/status";

export default command({
  summary: "Show the webhook's replicas: certificates, calls, times and last errors",
  description: "Changes nothing. Ends with 1 when something keeps pods from being injected.",
  examples: ["webhook status", "webhook status -o wide", "webhook status -o json"],
  flags: clusterFlags,
  run: async (_input, { kube, clock }) =>
    webhookStatusResult(await webhookStatus(await kube(), clock.now())),
});
