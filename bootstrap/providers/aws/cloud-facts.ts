import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { ours, type AwsIdentity } from "./identity.ts";
import { look } from "./session.ts";
import type { Workplace } from "./workplace.ts";
import type { AwsFacts } from "#bootstrap/clouds/cloud-facts";
import { ClouderError } from "#core/error";

/** Id of the VPC that the machines are in, the user's or ours; undefined before the first create. */
export async function vpcOf(
  { session, settings }: Workplace,
  identity: AwsIdentity,
): Promise<string | undefined> {
  if (settings.vpc !== undefined) return settings.vpc;
  const { Vpcs: [own] = [] } = await look(session, "look for the VPC", () =>
    session.ec2.send(new DescribeVpcsCommand({ Filters: ours(identity, "vpc") })),
  );
  return own?.VpcId;
}

/** What AWS' controllers are told; `not-found` while the cluster has no network. */
export async function awsFacts(workplace: Workplace, identity: AwsIdentity): Promise<AwsFacts> {
  const vpc = await vpcOf(workplace, identity);
  if (vpc !== undefined) return { cloud: "aws", region: workplace.session.region, vpc };
  throw new ClouderError("not-found", `the VPC of ${identity.cluster} is not there`, {
    hint: `make it again: kubectl clouder cluster create ${identity.cluster}`,
  });
}
