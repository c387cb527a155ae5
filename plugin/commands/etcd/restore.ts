import { restoreEtcd } from "#bootstrap/etcd/restore";
import { argument, command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";

export default command({
  summary: "Bring a cluster's etcd back to a snapshot",
  description:
    "The API servers stop for about a minute; what was written since the snapshot is lost. The data from before stays on the control planes.",
  examples: ["etcd restore dev dev.db"],
  args: {
    cluster: clusterArgument,
    file: argument({ description: "file that etcd snapshot wrote", required: true }),
  },
  flags: { yes: yesFlag },
  run: async ({ args }, context) => {
    const { cluster, file } = args;
    await confirmChange(
      context,
      cluster,
      `Bring ${cluster} back to ${file}, and lose what came after?`,
    );
    const restored = await restoreEtcd(
      { ...clusterAt(context, cluster), file },
      lifeAround(context),
    );
    const where = `${restored.kept} on ${restored.members.join(", ")}`;
    return {
      object: restored,
      text: `${cluster} is as in ${file} (revision ${restored.revision}); what was there before: ${where}`,
    };
  },
});
