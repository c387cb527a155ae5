import { checkAllowed, lastingDifference as difference } from "#bootstrap/providers/cloud-settings";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { awsSettingFields } from "./setting-fields.ts";
import { parseHost, type Host } from "#bootstrap/providers/ssh/settings";
import { wrongField } from "#bootstrap/spec/document";

/** `spec.provider.settings` of the aws provider. */
export interface AwsSettings {
  /** Absent: AWS_REGION, AWS_DEFAULT_REGION or the profile's; recorded at the first create. */
  readonly region?: string;
  /** Refuses credentials of any other account. */
  readonly account?: string;
  readonly controlPlaneSize: string;
  readonly workerSize: string;
  /** A name of the image table. */
  readonly image: string;
  /** An AMI instead of the newest of `image`. */
  readonly ami?: string;
  readonly user?: string;
  /** Private key file; its `.pub` is imported. Absent: the cluster gets a key of its own. */
  readonly key?: string;
  /** Name of a key pair of EC2, instead of an import. */
  readonly keyPair?: string;
  readonly osDiskSize: number;
  /** A VPC that is there already; with `subnets`. */
  readonly vpc?: string;
  readonly subnets: readonly string[];
  readonly vpcCIDR: string;
  readonly zones: readonly string[];
  /** Machines without public addresses, behind a NAT gateway. */
  readonly private: boolean;
  /** Through which machines are reached; with `private`. */
  readonly jumpHost?: Host;
  /** Workers as spot instances. */
  readonly spot: boolean;
  /** Who may reach SSH and the API server; empty: the caller's address. */
  readonly allowCIDRs: readonly string[];
  /** Opens 80, 443 and the NodePorts to `allowCIDRs`. */
  readonly ingress: boolean;
}

/** Reads the settings; `config` names the field that is wrong. */
export function parseAwsSettings(settings: Readonly<Record<string, unknown>>): AwsSettings {
  const path = "spec.provider.settings";
  const read: Read = awsSettingFields.read({ path, value: settings }) ?? {};
  const parsed: AwsSettings = {
    ...optional(read),
    ...machines(read),
    ...network(read),
    ...(read.jumpHost !== undefined && {
      jumpHost: parseHost(read.jumpHost, `${path}.jumpHost`),
    }),
  };
  checkTogether(parsed, path);
  return parsed;
}

type Read = Partial<NonNullable<ReturnType<typeof awsSettingFields.read>>>;

function machines({ controlPlaneSize = "t3.large", ...read }: Read) {
  const { workerSize = controlPlaneSize, image = "Ubuntu2204", osDiskSize = 100 } = read;
  return { controlPlaneSize, workerSize, image, osDiskSize, spot: read.spot ?? false };
}

function network(read: Read) {
  const { subnets = [], vpcCIDR = "10.0.0.0/16", zones = [], allowCIDRs = [] } = read;
  const { ingress = false, private: hidden = false } = read;
  return { subnets, vpcCIDR, zones, allowCIDRs, ingress, private: hidden };
}

/** Settings without a default; absent ones are left out. */
function optional({ region, account, ami, user, key, keyPair, vpc }: Read) {
  return {
    ...(region !== undefined && { region }),
    ...(account !== undefined && { account }),
    ...(ami !== undefined && { ami }),
    ...(user !== undefined && { user }),
    ...(key !== undefined && { key }),
    ...(keyPair !== undefined && { keyPair }),
    ...(vpc !== undefined && { vpc }),
  };
}

function checkTogether(settings: AwsSettings, path: string): void {
  checkNetwork(settings, path);
  checkAllowed(settings.allowCIDRs, path);
  const { key, keyPair, ami, user } = settings;
  if (keyPair !== undefined && key === undefined) {
    throw wrongField(`${path}.keyPair`, "needs key, the file of its private half");
  }
  if (settings.jumpHost && !settings.private) {
    throw wrongField(`${path}.jumpHost`, "is for machines without public addresses", "add private");
  }
  if (ami !== undefined && user === undefined) {
    throw wrongField(`${path}.ami`, "needs user, the account that the image lets in");
  }
}

function checkNetwork({ vpc, subnets, vpcCIDR, zones }: AwsSettings, path: string): void {
  const prefix = parseNetwork(vpcCIDR)?.prefix;
  if (prefix === undefined || prefix < 16 || prefix > 24) {
    throw wrongField(`${path}.vpcCIDR`, `must be a network from /16 to /24, not "${vpcCIDR}"`);
  }
  if ((vpc === undefined) !== (subnets.length === 0)) {
    const missing = vpc === undefined ? "subnets" : "vpc";
    throw wrongField(`${path}.${missing}`, "needs both vpc and subnets");
  }
  if (subnets.length === 1) {
    throw wrongField(`${path}.subnets`, "must name at least two subnets in different zones");
  }
  if (zones.length === 1) throw wrongField(`${path}.zones`, "must name at least two zones");
}

/** The first setting that machines which are there cannot follow. */
export function lastingDifference(
  known: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string | undefined {
  return difference(parseAwsSettings(known), parseAwsSettings(wanted));
}
