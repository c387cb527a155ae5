import { disableAddon } from "#bootstrap/addons/disable-addon";
import { argument, command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonResult } from "#plugin/output/addons";

export default command({
  summary: "Take an add-on out of a cluster; refused while volumes, claims or ingresses need it",
  examples: ["addon disable dev traefik", "addon disable dev metrics-server --yes"],
  args: {
    cluster: clusterArgument,
    addon: argument({ description: "name of the add-on", required: true }),
  },
  flags: { yes: yesFlag },
  run: async ({ args }, context) => {
    await confirmChange(context, args.cluster, `Take ${args.addon} out of ${args.cluster}?`);
    const request = { ...clusterAt(context, args.cluster), addon: args.addon };
    return addonResult(await disableAddon(request, lifeAround(context)), "disabled");
  },
});
