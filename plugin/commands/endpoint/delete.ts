import { deleteEndpoint } from "#checkpoint/endpoints/look";
import { ClouderError } from "#core/error";
import { command } from "#plugin/cli/command";
import { namespaceFlags, yesFlag } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { deletedNames } from "#plugin/output/deleted";
import { endpointKind } from "#plugin/output/endpoints";

export default command({
  summary: "Take an endpoint away; its identity and its tokens end with it",
  examples: ["endpoint delete lab --yes"],
  args: { name: nameArgument("name of the endpoint") },
  flags: { ...namespaceFlags, yes: yesFlag },
  run: async ({ args: { name } }, { kube, namespace, confirm }) => {
    if (!(await confirm(`Delete the endpoint ${name}?`))) {
      throw new ClouderError("cancelled", "nothing was deleted");
    }
    await deleteEndpoint(await kube(), { namespace: await namespace(), name });
    return deletedNames([name], endpointKind);
  },
});
