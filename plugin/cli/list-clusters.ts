import { detailsOf, type ClusterDetails } from "#bootstrap/cluster-details";
import { listClusters, type ClusterSummary } from "#bootstrap/show-cluster";
import { taggedClusters } from "#bootstrap/tagged-clusters";
import { connectBriefly, surroundings } from "#plugin/cli/clusters";
import type { CommandContext } from "#plugin/cli/command";
import { boolean, string } from "#plugin/cli/flags";

/** Flags of `cluster list`. */
export const listFlags = {
  provider: string({
    aliases: ["cloud"],
    description: "also clusters that are tagged in this cloud: aws, azure",
  }),
  region: string({
    char: "r",
    description: "there [default: aws: AWS_REGION, then the profile's; azure: all]",
    dependsOn: ["provider"],
  }),
  details: boolean({ description: "ask each cluster for its nodes, storage and load balancers" }),
};

interface ListValues {
  readonly provider: string | undefined;
  readonly region: string | undefined;
  readonly details: boolean;
}

/** Recorded clusters with their live state, then those that only a cloud knows. */
export async function clustersWanted(
  home: string,
  { provider, region, details }: ListValues,
  context: CommandContext,
): Promise<readonly (ClusterSummary | ClusterDetails)[]> {
  const recorded = await listClusters(home, surroundings(context));
  const known = new Set(recorded.map(({ name }) => name));
  const others =
    provider === undefined ? [] : await taggedClusters(provider, region, context, known);
  if (!details) return [...recorded, ...others];
  const detailed = await Promise.all(recorded.map((one) => detailsOf(home, one, connectBriefly)));
  return [...detailed, ...others];
}
