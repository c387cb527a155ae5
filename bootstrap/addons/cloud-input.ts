import type { AddonInput } from "#bootstrap/addons/addon";
import type { AwsFacts, AzureFacts, CloudFacts } from "#bootstrap/clouds/cloud-facts";
import { ClouderError } from "#core/error";

/** What AWS says of the cluster; only add-ons of aws ask for it. */
export const awsFactsOf = ({ cloud }: AddonInput): AwsFacts => of("aws", cloud);

/** What Azure says of the cluster; only add-ons of azure ask for it. */
export const azureFactsOf = ({ cloud }: AddonInput): AzureFacts => of("azure", cloud);

function of<C extends CloudFacts["cloud"]>(
  name: C,
  cloud: CloudFacts | undefined,
): Extract<CloudFacts, { cloud: C }> {
  if (cloud?.cloud === name) return cloud as Extract<CloudFacts, { cloud: C }>;
  throw new ClouderError("internal", `an add-on of ${name} without its cloud`);
}
