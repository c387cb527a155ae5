import { enableAddon } from "#bootstrap/addons/enable-addon";
import { argument, command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { timeoutFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonResult } from "#plugin/output/addons";

export default command({
  summary: "Bring an add-on into a cluster, with the chart and values that are made for it",
  description:
    "Waits until it is ready; on a failure it says why and takes back what it did. Needs Helm 3.14 or later.",
  examples: ["addon enable dev metrics-server", "addon enable dev traefik --timeout 10m"],
  args: {
    cluster: clusterArgument,
    addon: argument({ description: "name of the add-on", required: true }),
  },
  flags: { timeout: timeoutFlag("how long its pods may take to be ready: 90s, 10m", "5m") },
  run: async ({ args, flags }, context) => {
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const request = { ...clusterAt(context, args.cluster), addon: args.addon, timeoutMs };
    return addonResult(await enableAddon(request, lifeAround(context)), "enabled");
  },
});
