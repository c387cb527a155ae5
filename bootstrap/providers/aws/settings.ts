import { isDeepStrictEqual } from "node:util";
import { parseNetwork } from "#bootstrap/spec/cidr";
import {
  fields,
  list,
  text,
  truth,
  wholeNumber,
  wrongField,
  type Place,
} from "#bootstrap/spec/document";
import { images } from "./image-table.ts";

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
  /** Workers as spot instances. */
  readonly spot: boolean;
  /** Who may reach SSH and the API server; empty: the caller's address. */
  readonly allowCIDRs: readonly string[];
  /** Opens 80, 443 and the NodePorts to `allowCIDRs`. */
  readonly ingress: boolean;
}

const names = [
  ...["region", "account", "controlPlaneSize", "workerSize", "image", "ami", "user", "key"],
  ...["keyPair", "osDiskSize", "vpc", "subnets", "vpcCIDR", "zones", "private", "spot"],
  ...["allowCIDRs", "ingress"],
] as const;

/** Reads the settings; `config` names the field that is wrong. */
export function parseAwsSettings(settings: Readonly<Record<string, unknown>>): AwsSettings {
  const path = "spec.provider.settings";
  const known = fields({ path, value: settings }, names);
  const at = (name: string): Place => ({ path: `${path}.${name}`, value: known[name] });
  const word = (name: string, pattern: RegExp, example: string) => {
    const value = text(at(name));
    if (value !== undefined && !pattern.test(value)) {
      throw wrongField(`${path}.${name}`, `must look like ${example}, not "${value}"`);
    }
    return value === undefined ? {} : { [name]: value };
  };
  const words = (name: string, pattern: RegExp, example: string) =>
    (list(at(name)) ?? []).map((place) => {
      const value = text(place) ?? "";
      if (!pattern.test(value))
        throw wrongField(place.path, `must look like ${example}, not "${value}"`);
      return value;
    });
  const parsed: AwsSettings = {
    ...word("region", /^[a-z]{2}(-[a-z]+)+-\d+$/, "us-east-1"),
    ...word("account", /^\d{12}$/, "123456789012"),
    controlPlaneSize: text(at("controlPlaneSize")) ?? "t3.large",
    workerSize: text(at("workerSize")) ?? text(at("controlPlaneSize")) ?? "t3.large",
    image: imageName(at("image")),
    ...word("ami", /^ami-[0-9a-f]+$/, "ami-0123456789abcdef0"),
    ...word("user", /^[a-z_][a-z0-9_-]*$/, "ubuntu"),
    ...word("key", /./, "~/.ssh/id_ed25519"),
    ...word("keyPair", /^\S.{0,254}$/, "my-key"),
    osDiskSize: wholeNumber(at("osDiskSize"), 30, 16_384) ?? 100,
    ...word("vpc", /^vpc-[0-9a-f]+$/, "vpc-0123456789abcdef0"),
    subnets: words("subnets", /^subnet-[0-9a-f]+$/, "subnet-0123456789abcdef0"),
    vpcCIDR: text(at("vpcCIDR")) ?? "10.0.0.0/16",
    zones: words("zones", /^[a-z]{2}(-[a-z0-9]+)+$/, "us-east-1a"),
    private: truth(at("private")) ?? false,
    spot: truth(at("spot")) ?? false,
    allowCIDRs: words("allowCIDRs", /^[0-9./]+$/, "203.0.113.7/32"),
    ingress: truth(at("ingress")) ?? false,
  };
  checkTogether(parsed, path);
  return parsed;
}

function imageName(place: Place): string {
  const name = text(place) ?? "Ubuntu2204";
  if (!Object.hasOwn(images, name)) {
    throw wrongField(place.path, `must be one of ${Object.keys(images).join(", ")}, not "${name}"`);
  }
  return name;
}

function checkTogether(settings: AwsSettings, path: string): void {
  checkNetwork(settings, path);
  checkAllowed(settings.allowCIDRs, path);
  const { key, keyPair, ami, user } = settings;
  if (keyPair !== undefined && key === undefined) {
    throw wrongField(`${path}.keyPair`, "needs key, the file of its private half");
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

function checkAllowed(cidrs: readonly string[], path: string): void {
  for (const cidr of cidrs) {
    const network = parseNetwork(cidr);
    if (!network) throw wrongField(`${path}.allowCIDRs`, `has "${cidr}", which is no IPv4 network`);
    if (network.prefix === 0) {
      throw wrongField(
        `${path}.allowCIDRs`,
        "must not hold the whole Internet",
        "name your networks",
      );
    }
  }
}

/** Settings that may change while machines are there. */
const free: ReadonlySet<string> = new Set(["allowCIDRs", "ingress"]);

/** The first setting that machines which are there cannot follow. */
export function lastingDifference(
  known: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string | undefined {
  const before: Readonly<Record<string, unknown>> = { ...parseAwsSettings(known) };
  const now: Readonly<Record<string, unknown>> = { ...parseAwsSettings(wanted) };
  const name = names.find((one) => !free.has(one) && !isDeepStrictEqual(before[one], now[one]));
  return name && `another ${name} (${JSON.stringify(before[name] ?? "none")})`;
}
