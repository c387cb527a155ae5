import { planCluster } from "#bootstrap/plan-cluster";
import { readOwnPrices } from "#bootstrap/providers/own-prices";
import { connectBriefly, surroundings } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { argument, command } from "#plugin/cli/command";
import { createFlags, isClusterName } from "#plugin/cli/cluster-flags";
import { clusterRequest, documentFlag } from "#plugin/cli/cluster-request";
import { string } from "#plugin/cli/flags";
import { readDocument } from "#plugin/cli/read-document";
import { planResult } from "#plugin/output/cluster-plan";

export default command({
  summary: "Show what an apply would change: machines, nodes and cluster as they are now",
  description:
    "Changes nothing. Exit status as kubectl diff: 0 nothing to do, 1 something to do, more on an error.",
  examples: [
    "cluster plan -f cluster.yaml",
    "cluster plan -f cluster.yaml --workers 3 -o json",
    "cluster plan dev --bundle ./bundle",
  ],
  compares: true,
  args: { name: checked(argument({ description: "name of the cluster" }), isClusterName) },
  flags: {
    ...{ ...createFlags, ...documentFlag },
    prices: string({ description: "file of your own prices, for the line of cost" }),
  },
  run: async ({ flags: { prices: file, ...flags }, args }, context) => {
    const prices =
      file === undefined
        ? undefined
        : await readOwnPrices(await readDocument(file, "your prices"), file);
    const request = await clusterRequest(flags, args.name, context);
    return planResult(await planCluster(request, surroundings(context), connectBriefly, prices));
  },
});
