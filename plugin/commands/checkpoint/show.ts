import { checkpointById } from "#checkpoint/engine/find-checkpoint";
import { findStored } from "#checkpoint/engine/stored-checkpoints";
import { command } from "#plugin/cli/command";
import { namespaceFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { storeFlags } from "#plugin/cli/store-flags";
import { checkpointDetails, manifestDetails } from "#plugin/output/checkpoints";

export default command({
  summary: "Show everything about a checkpoint",
  description:
    "Reads the Checkpoint of the cluster; with --store the manifest in the store, for which you need " +
    "access to the store.",
  examples: [
    "checkpoint show 20261121t042036z-k3x9q",
    "checkpoint show 20261121t042036z-k3x9q --store s3",
  ],
  args: {
    id: nameArgument("id of the checkpoint"),
  },
  flags: { ...namespaceFlags, ...storeFlags },
  run: async ({ args, flags }, { kube, namespace, signal }) => {
    if (flags.store !== undefined) {
      const place = { ...flags, nameOrUrl: flags.store, pathStyle: flags["path-style"] };
      const found = await findStored(place, args.id, await namespace(), { kube, signal });
      return manifestDetails(found.manifest, found.location);
    }
    return checkpointDetails(await checkpointById(await kube(), args.id, await namespace()));
  },
});
