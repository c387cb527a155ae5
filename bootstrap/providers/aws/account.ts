import { DescribeRegionsCommand, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { tagKeys, tagValue } from "./identity.ts";
import { everyItem } from "./part.ts";
import { callerOf, look, openSession, type AwsSession } from "./session.ts";
import type { Clock } from "#core/clock";
import type { Reporter } from "#core/report";

/** Where the commands about an account get what they need. */
export interface AccountContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

export interface AwsAccount {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly region: string;
  /** When the credentials end, if they do. */
  readonly expires?: string;
}

export interface AwsRegion {
  readonly name: string;
  readonly endpoint: string;
  /** `opt-in-not-required`, `opted-in` or `not-opted-in`. */
  readonly optIn: string;
}

export interface AwsMachine {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly size: string;
  readonly state: string;
  readonly zone: string;
  readonly privateAddress: string;
  readonly publicAddress: string;
}

/** Any region answers who is calling and which regions there are. */
async function anyRegion(context: AccountContext, region?: string): Promise<AwsSession> {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE } = context.environment;
  const named = region ?? AWS_REGION ?? AWS_DEFAULT_REGION;
  try {
    return await openSession({ ...context, region: named });
  } catch (error) {
    if (named !== undefined || AWS_PROFILE !== undefined) throw error;
    return await openSession({ ...context, region: "us-east-1" });
  }
}

/** Whose the credentials are. */
export async function awsAccount(context: AccountContext): Promise<AwsAccount> {
  const session = await anyRegion(context);
  const { account, arn, userId, expires } = await callerOf(session);
  return {
    ...{ account, arn, userId, region: session.region },
    ...(expires && { expires: expires.toISOString() }),
  };
}

/** All regions, those that are not switched on too, by name. */
export async function awsRegions(context: AccountContext): Promise<readonly AwsRegion[]> {
  const session = await anyRegion(context);
  const { Regions = [] } = await look(session, "list the regions", () =>
    session.ec2.send(new DescribeRegionsCommand({ AllRegions: true })),
  );
  return Regions.map(({ RegionName = "", Endpoint = "", OptInStatus = "" }) => ({
    ...{ name: RegionName, endpoint: Endpoint, optIn: OptInStatus },
  })).sort((one, other) => one.name.localeCompare(other.name));
}

/** Machines of one region that are not terminated, whoever made them. */
export async function awsMachines(
  context: AccountContext,
  region: string | undefined,
): Promise<readonly AwsMachine[]> {
  const session = await openSession({ ...context, region });
  const found = await look(session, "list the machines", () =>
    everyItem(paginateDescribeInstances({ client: session.ec2 }, {}), (page) =>
      page.Reservations?.flatMap(({ Instances = [] }) => Instances),
    ),
  );
  return found
    .filter(({ State }) => State?.Name !== "terminated")
    .map((one) => ({
      id: one.InstanceId ?? "",
      name: tagValue(one.Tags, "Name"),
      cluster: tagValue(one.Tags, tagKeys.cluster),
      size: one.InstanceType ?? "",
      state: one.State?.Name ?? "",
      zone: one.Placement?.AvailabilityZone ?? "",
      privateAddress: one.PrivateIpAddress ?? "",
      publicAddress: one.PublicIpAddress ?? "",
    }));
}
