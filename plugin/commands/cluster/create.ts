import { createCluster, previewCluster } from "#bootstrap/create-cluster";
import { mergeCluster } from "#bootstrap/use-cluster";
import { surroundings, userKubeconfig } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { argument, command } from "#plugin/cli/command";
import { boolean, yesFlag } from "#plugin/cli/flags";
import { createFlags, isClusterName } from "#plugin/cli/cluster-flags";
import { clusterRequest, documentFlag } from "#plugin/cli/cluster-request";
import { createdResult, previewResult } from "#plugin/output/clusters";

export default command({
  summary: "Make a Kubernetes cluster, or complete one that is there in part",
  examples: [
    "cluster create dev --bundle ./bundle",
    "cluster create lab --provider ssh --host root@10.0.0.4 --host root@10.0.0.5 --bundle ./bundle",
    "cluster create -f cluster.yaml --dry-run",
  ],
  args: { name: checked(argument({ description: "name of the cluster" }), isClusterName) },
  flags: {
    ...createFlags,
    ...documentFlag,
    "dry-run": boolean({ description: "print what would be done, change nothing" }),
    merge: boolean({ description: "merge into the user's kubeconfig and use the context" }),
    yes: yesFlag,
  },
  run: async ({ flags, args }, context) => {
    const request = await clusterRequest(flags, args.name, context);
    if (flags["dry-run"])
      return previewResult(await previewCluster(request, surroundings(context)));
    const cluster = await createCluster(request, surroundings(context));
    const target = flags.merge ? userKubeconfig(context) : undefined;
    if (target !== undefined) await mergeCluster(request.home, cluster.name, target);
    return createdResult(cluster, target);
  },
});
