import { countCheckpoints, uninstall } from "#checkpoint/install/uninstall";
import { ClouderError } from "#core/error";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, timeoutFlag, yesFlag } from "#plugin/cli/flags";
import { removedResult } from "#plugin/output/install";

export default command({
  summary: "Remove the agents and the controller; checkpoints, stores and credentials stay",
  examples: ["uninstall", "uninstall --purge"],
  flags: {
    ...clusterFlags,
    purge: boolean({ description: "delete all checkpoints with their stored data, too" }),
    timeout: timeoutFlag("how long a purge may take", "10m"),
    yes: yesFlag,
  },
  run: async ({ flags }, context) => {
    const kube = await context.kube();
    const purge = flags.purge;
    if (purge) {
      const count = await countCheckpoints(kube);
      const question = `Delete ${String(count)} checkpoints and their stored data from ${kube.server}?`;
      if (!(await context.confirm(question)))
        throw new ClouderError("cancelled", "nothing was removed");
    }
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    return removedResult(await uninstall({ purge }, { ...context, kube, timeoutMs }));
  },
});
