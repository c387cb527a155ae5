import { deleteCluster, previewDelete } from "#bootstrap/delete-cluster";
import { ClouderError } from "#core/error";
import { secretFlags } from "#plugin/cli/ask-secret";
import { homeOf, userKubeconfig } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { boolean, yesFlag } from "#plugin/cli/flags";
import { lifeAround } from "#plugin/cli/life";
import { deletedCluster, previewResult } from "#plugin/output/clusters";

export default command({
  summary: "Delete a cluster and everything that was made for it",
  description: "Machines of the ssh provider are the user's: they are reset and stay.",
  examples: ["cluster delete dev", "cluster delete dev --yes", "cluster delete dev --dry-run"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  flags: {
    yes: yesFlag,
    ...secretFlags,
    force: boolean({ description: "go on although API server or (ssh) machines do not answer" }),
    "delete-rg": boolean({ description: "with azure: a group of yours goes, too, once empty" }),
    "dry-run": boolean({ description: "print what would be done, change nothing" }),
  },
  run: async ({ args: { name }, flags }, context) => {
    const { force, "delete-rg": deleteGroup } = flags;
    const paths = { home: homeOf(context), userKubeconfig: userKubeconfig(context) };
    const request = { ...paths, name, force, deleteGroup };
    const around = lifeAround(context);
    const preview = await previewDelete(request, around);
    if (flags["dry-run"]) return previewResult(preview);
    if (!(await context.confirm(`Delete the cluster ${name} with all its data?`, name))) {
      throw new ClouderError("cancelled", "nothing was deleted");
    }
    return deletedCluster(await deleteCluster(request, around));
  },
});
