import { ClouderError } from "#core/error";
import { command } from "#plugin/cli/command";
import { boolean, clusterFlags, yesFlag } from "#plugin/cli/flags";
import { removedResult } from "#plugin/output/install";
import { countPolicies, uninstallWebhook } from "#webhook/install/uninstall";

export default command({
  summary: "Remove the webhook and its controller; policies and homes stay",
  description: "Pods that run keep what was injected into them. Homes stay even with --purge.",
  examples: ["webhook uninstall", "webhook uninstall --purge"],
  flags: {
    ...clusterFlags,
    purge: boolean({ description: "delete all policies, too" }),
    yes: yesFlag,
  },
  run: async ({ flags }, context) => {
    const kube = await context.kube();
    if (flags.purge) {
      const count = String(await countPolicies(kube));
      if (!(await context.confirm(`Delete ${count} injection policies from ${kube.server}?`)))
        throw new ClouderError("cancelled", "nothing was removed");
    }
    return removedResult(await uninstallWebhook(flags, { ...context, kube }));
  },
});
