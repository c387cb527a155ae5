import { boolean, integer, string } from "#plugin/cli/flags";

/** Flags of `cluster create` for providers that make machines in a cloud. */
export const cloudFlags = {
  region: string({ char: "r", description: "in a cloud: region, for example us-east-1" }),
  "worker-size": string({
    aliases: ["node-size", "size"],
    description: "in a cloud: size of workers, for example t3.large",
  }),
  "control-plane-size": string({
    aliases: ["master-size"],
    description: "in a cloud: size of control planes",
  }),
  image: string({ description: "in a cloud: Ubuntu2204, Ubuntu2404, Ubuntu2604, Debian12, …" }),
  "os-disk-size": integer({ description: "in a cloud: GB of each machine's disk", min: 30 }),
  "allow-cidr": string({
    description: "in a cloud: who may reach SSH and API server [default: this machine's address]",
    multiple: true,
  }),
  "vpc-cidr": string({ description: "with aws: network of the machines [default: 10.0.0.0/16]" }),
  vpc: string({ description: "with aws: id of a VPC that is there, with --subnet" }),
  subnet: string({ description: "with aws: ids of its subnets in two zones", multiple: true }),
  private: boolean({ description: "in a cloud: machines without public addresses, behind NAT" }),
  "jump-host": string({
    description: "user@address[:port] through which machines are reached, with ssh or --private",
  }),
  spot: boolean({ description: "in a cloud: workers that may be taken away, for less money" }),
  ingress: boolean({ description: "in a cloud: open 80, 443 and NodePorts to --allow-cidr" }),
};

export interface CloudFlagValues {
  readonly region: string | undefined;
  readonly "worker-size": string | undefined;
  readonly "control-plane-size": string | undefined;
  readonly image: string | undefined;
  readonly "os-disk-size": number | undefined;
  readonly "allow-cidr": readonly string[] | undefined;
  readonly "vpc-cidr": string | undefined;
  readonly vpc: string | undefined;
  readonly subnet: readonly string[] | undefined;
  readonly private: boolean;
  readonly "jump-host": string | undefined;
  readonly spot: boolean;
  readonly ingress: boolean;
}

/** The flags under the names of the provider's settings; those that were not given are undefined. */
export function cloudSettings(flags: CloudFlagValues): Readonly<Record<string, unknown>> {
  return {
    region: flags.region,
    workerSize: flags["worker-size"],
    controlPlaneSize: flags["control-plane-size"],
    image: flags.image,
    osDiskSize: flags["os-disk-size"],
    allowCIDRs: flags["allow-cidr"],
    vpcCIDR: flags["vpc-cidr"],
    vpc: flags.vpc,
    subnets: flags.subnet,
    private: flags.private || undefined,
    jumpHost: flags["jump-host"],
    spot: flags.spot || undefined,
    ingress: flags.ingress || undefined,
  };
}
