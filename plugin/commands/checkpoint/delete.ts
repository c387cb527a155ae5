import { deleteCheckpoints } from "#checkpoint/engine/delete-checkpoints";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { namespaceFlags, waitFlags, yesFlag } from "#plugin/cli/flags";
import { nameArguments } from "#plugin/cli/names";
import { deletedNames } from "#plugin/output/deleted";

export default command({
  summary: "Delete checkpoints and what the store keeps of them",
  examples: ["checkpoint delete 20261121t042036z-k3x9q --yes"],
  args: {
    id: nameArguments("ids of checkpoints"),
  },
  flags: { ...namespaceFlags, ...waitFlags, yes: yesFlag },
  run: async ({ args, flags }, { kube, namespace, clock, report, signal, confirm }) => {
    const request = { ids: args.id, namespace: await namespace(), wait: flags.wait, confirm };
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const following = { kube: await kube(), clock, report, signal, timeoutMs };
    return deletedNames(
      await deleteCheckpoints(request, following),
      "checkpoint.clouder.datalayer.io",
    );
  },
});
