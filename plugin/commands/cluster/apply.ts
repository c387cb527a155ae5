import { createCluster } from "#bootstrap/create-cluster";
import { mergeCluster } from "#bootstrap/use-cluster";
import { surroundings, userKubeconfig } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { argument, command } from "#plugin/cli/command";
import { boolean, string } from "#plugin/cli/flags";
import { createFlags, isClusterName } from "#plugin/cli/cluster-flags";
import { clusterRequest } from "#plugin/cli/cluster-request";
import { createdResult } from "#plugin/output/clusters";

export default command({
  summary: "Make a cluster what its document says: create it, complete it, let its pools grow",
  description:
    "Changes only what differs. What cannot be changed in place is refused with the cure, before anything is changed; see it first with cluster plan.",
  examples: ["cluster apply -f cluster.yaml", "cluster apply -f cluster.yaml --workers 3"],
  args: { name: checked(argument({ description: "name of the cluster" }), isClusterName) },
  flags: {
    ...createFlags,
    filename: string({
      ...{ char: "f", required: true },
      description: "file of a Cluster document; - for standard input",
    }),
    merge: boolean({ description: "merge into the user's kubeconfig and use the context" }),
  },
  run: async ({ flags, args }, context) => {
    const request = await clusterRequest(flags, args.name, context);
    const cluster = await createCluster(request, surroundings(context));
    const target = flags.merge ? userKubeconfig(context) : undefined;
    if (target !== undefined) await mergeCluster(request.home, cluster.name, target);
    return createdResult(cluster, target);
  },
});
