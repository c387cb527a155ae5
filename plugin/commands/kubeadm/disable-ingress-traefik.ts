import { disableAddon } from "#bootstrap/addons/disable-addon";
import { command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonResult } from "#plugin/output/addons";

export default command({
  summary: "Take the ingress controller Traefik out of a cluster: addon disable CLUSTER traefik",
  examples: ["kubeadm disable-ingress-traefik dev --yes"],
  args: { cluster: clusterArgument },
  flags: { yes: yesFlag },
  run: async ({ args }, context) => {
    await confirmChange(context, args.cluster, `Take traefik out of ${args.cluster}?`);
    const request = { ...clusterAt(context, args.cluster), addon: "traefik" };
    return addonResult(await disableAddon(request, lifeAround(context)), "disabled");
  },
});
