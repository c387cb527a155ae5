import { enableAddon } from "#bootstrap/addons/enable-addon";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { timeoutFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonResult } from "#plugin/output/addons";

export default command({
  summary: "Bring the ingress controller Traefik into a cluster: addon enable CLUSTER traefik",
  examples: ["kubeadm enable-ingress-traefik dev"],
  args: { cluster: clusterArgument },
  flags: { timeout: timeoutFlag("how long its pods may take to be ready: 90s, 10m", "5m") },
  run: async ({ args, flags }, context) => {
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const request = { ...clusterAt(context, args.cluster), addon: "traefik", timeoutMs };
    return addonResult(await enableAddon(request, lifeAround(context)), "enabled");
  },
});
