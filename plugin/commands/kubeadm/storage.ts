import { enableStorage } from "#bootstrap/addons/enable-storage";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { timeoutFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonResult } from "#plugin/output/addons";

export default command({
  summary: "Install the storage drivers of a cluster's cloud, with their classes",
  description:
    "Azure: managed-csi (the default) and azure-nfs; AWS: gp3 (the default). The same as `addon enable` of each. Needs Helm 3.14 or later.",
  examples: ["kubeadm storage dev"],
  args: { cluster: clusterArgument },
  flags: { timeout: timeoutFlag("how long their pods may take to be ready: 90s, 10m", "5m") },
  run: async ({ args, flags }, context) => {
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const request = { ...clusterAt(context, args.cluster), timeoutMs };
    return addonResult(await enableStorage(request, lifeAround(context)), "installed");
  },
});
