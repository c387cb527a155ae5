import { countCheckpoints } from "#checkpoint/install/uninstall";
import { ClouderError } from "#core/error";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, timeoutFlag, yesFlag } from "#plugin/cli/flags";
import { uninstallAll } from "#plugin/cli/installation";
import { removedResult } from "#plugin/output/install";

export default command({
  summary: "Remove the programs; checkpoints, stores, credentials, policies and homes stay",
  examples: ["uninstall", "uninstall --purge"],
  flags: {
    ...clusterFlags,
    purge: boolean({
      description: "delete all checkpoints with their stored data, and policies, too",
    }),
    timeout: timeoutFlag("how long a purge may take", "10m"),
    yes: yesFlag,
  },
  run: async ({ flags }, context) => {
    const kube = await context.kube();
    const purge = flags.purge;
    if (purge) {
      const count = await countCheckpoints(kube);
      const question = `Delete ${String(count)} checkpoints with their stored data, and all policies, from ${kube.server}?`;
      if (!(await context.confirm(question)))
        throw new ClouderError("cancelled", "nothing was removed");
    }
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    return removedResult(await uninstallAll({ purge }, { ...context, kube, timeoutMs }));
  },
});
