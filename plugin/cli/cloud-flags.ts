import { boolean, integer, string } from "#plugin/cli/flags";

/** Flags of `cluster create` for providers that make machines in a cloud. */
export const cloudFlags = {
  region: string({ char: "r", description: "in a cloud: region, for example us-east-1 or eastus" }),
  "worker-size": string({
    aliases: ["node-size", "size"],
    description: "in a cloud: size of workers, for example t3.large or Standard_D4s_v5",
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
  "vnet-cidr": string({
    description: "with azure: network of the machines [default: 10.0.0.0/16]",
  }),
  "subnet-cidr": string({
    description: "with azure: subnet of the machines [default: 10.0.0.0/24]",
  }),
  "subnet-id": string({ description: "with azure: id of a subnet that is there" }),
  "subscription-id": string({
    description: "with azure: subscription [default: AZURE_SUBSCRIPTION_ID, then azure configure]",
  }),
  "resource-group": string({
    char: "g",
    description: "with azure: resource group, which stays when it is yours [default: NAME-rg]",
  }),
  "admin-user": string({
    char: "u",
    description: "in a cloud: account on the machines [default: azureuser, or the image's]",
  }),
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
  readonly "vnet-cidr": string | undefined;
  readonly "subnet-cidr": string | undefined;
  readonly "subnet-id": string | undefined;
  readonly "subscription-id": string | undefined;
  readonly "resource-group": string | undefined;
  readonly "admin-user": string | undefined;
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
    vnetCIDR: flags["vnet-cidr"],
    subnetCIDR: flags["subnet-cidr"],
    subnet: flags["subnet-id"],
    subscription: flags["subscription-id"],
    resourceGroup: flags["resource-group"],
    user: flags["admin-user"],
    private: flags.private || undefined,
    jumpHost: flags["jump-host"],
    spot: flags.spot || undefined,
    ingress: flags.ingress || undefined,
  };
}
