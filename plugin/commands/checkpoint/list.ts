import { listCheckpoints } from "#checkpoint/engine/find-checkpoint";
import { listStored } from "#checkpoint/engine/stored-checkpoints";
import { command } from "#plugin/cli/command";
import { allNamespacesFlag, namespaceFlags } from "#plugin/cli/flags";
import { nameFlag } from "#plugin/cli/names";
import { storeFlags } from "#plugin/cli/store-flags";
import { checkpointList, manifestList } from "#plugin/output/checkpoints";

export default command({
  summary: "List checkpoints of this cluster, or those in a store",
  examples: [
    "checkpoint list",
    "checkpoint list -A -o wide",
    "checkpoint list --pod notebook",
    "checkpoint list --store s3://bucket/prefix -A",
  ],
  flags: {
    ...namespaceFlags,
    ...storeFlags,
    "all-namespaces": allNamespacesFlag,
    pod: nameFlag("only checkpoints of this pod"),
  },
  run: async ({ flags }, { kube, namespace, clock, signal }) => {
    const now = clock.now();
    const everywhere = flags["all-namespaces"];
    const selection = {
      namespace: everywhere ? undefined : await namespace(),
      podName: flags.pod,
    };
    if (flags.store !== undefined) {
      const place = { ...flags, nameOrUrl: flags.store, pathStyle: flags["path-style"] };
      return manifestList(await listStored(place, selection, { kube, signal }), now);
    }
    const found = await listCheckpoints(await kube(), selection);
    return checkpointList(found, { now, withNamespace: everywhere });
  },
});
