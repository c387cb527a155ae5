import { DescribeSubnetsCommand, DescribeVpcsCommand, type Subnet } from "@aws-sdk/client-ec2";
import { isGone } from "./aws-error.ts";
import type { AwsNetwork } from "./network.ts";
import { look, type AwsSession } from "./session.ts";
import type { AwsSettings } from "./settings.ts";
import { ClouderError } from "#core/error";

/** AWS keeps five addresses of every subnet; load balancers want eight. */
const leastAddresses = 8;

/**
 * A network of the user's, checked and neither changed nor tagged nor deleted; `config` names what
 * does not fit.
 */
export async function adoptedNetwork(
  session: AwsSession,
  { vpc = "", subnets }: AwsSettings,
  machines = 0,
): Promise<AwsNetwork> {
  const answer = await found(`the VPC ${vpc}`, () =>
    look(session, `look up ${vpc}`, () =>
      session.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpc] })),
    ),
  );
  const cidr = answer.Vpcs?.[0]?.CidrBlock ?? "";
  const { Subnets = [] } = await found(`one of the subnets ${subnets.join(", ")}`, () =>
    look(session, "look up the subnets", () =>
      session.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...subnets] })),
    ),
  );
  checkSubnets(Subnets, { vpc, subnets }, machines);
  // In the order that the user gave.
  const places = subnets.map((id) => ({
    id,
    zone: Subnets.find(({ SubnetId }) => SubnetId === id)?.AvailabilityZone ?? "",
  }));
  return { vpc, cidr, nodes: places, open: places };
}

function checkSubnets(
  found: readonly Subnet[],
  { vpc = "", subnets }: Pick<AwsSettings, "vpc" | "subnets">,
  machines: number,
): void {
  const foreign = found.find(({ VpcId }) => VpcId !== vpc);
  if (foreign) {
    throw new ClouderError(
      "config",
      `${foreign.SubnetId ?? ""} is in ${foreign.VpcId ?? ""}, not in ${vpc}`,
      {
        hint: "name subnets of that VPC",
      },
    );
  }
  const zones = new Set(found.map(({ AvailabilityZone }) => AvailabilityZone));
  if (zones.size < 2) {
    throw new ClouderError("config", `the subnets ${subnets.join(", ")} are in one zone`, {
      hint: "name subnets in at least two zones: load balancers need them",
    });
  }
  const each = Math.ceil(machines / found.length) + leastAddresses;
  const small = found.find(({ AvailableIpAddressCount = 0 }) => AvailableIpAddressCount < each);
  if (small) {
    throw new ClouderError(
      "config",
      `${small.SubnetId ?? ""} has ${small.AvailableIpAddressCount ?? 0} free addresses, ${each} are needed`,
      { hint: "name larger subnets, or ask for fewer machines" },
    );
  }
}

async function found<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isGone(error)) throw error;
    throw new ClouderError("not-found", `${what} is not there`, {
      hint: "check the id and the region",
      cause: error,
    });
  }
}
