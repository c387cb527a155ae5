import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
} from "@aws-sdk/client-ec2";
import { adoptedNetwork } from "./adopt.ts";
import { ignoring } from "./aws-error.ts";
import { formatAddress, parseNetwork } from "#bootstrap/spec/cidr";
import { ours, tagged } from "./identity.ts";
import { ensurePart, given, type Place } from "./part.ts";
import { ensureNat, ensureRouteTable } from "./routes.ts";
import { change, createOnce, look } from "./session.ts";
import type { AwsSettings } from "./settings.ts";

export interface SubnetPlace {
  readonly id: string;
  readonly zone: string;
}

/** Where machines and load balancers of a cluster are. */
export interface AwsNetwork {
  readonly vpc: string;
  readonly cidr: string;
  /** For machines; the same as `open` unless they are private. */
  readonly nodes: readonly SubnetPlace[];
  /** With a way to and from the Internet. */
  readonly open: readonly SubnetPlace[];
}

/** The VPC with subnets in `count` zones, gateways and routes; an adopted one is left as it is. */
export async function ensureNetwork(
  place: Place,
  settings: AwsSettings,
  zones: readonly string[],
  count: number,
): Promise<AwsNetwork> {
  if (settings.vpc !== undefined) return await adoptedNetwork(place.session, settings);
  const { cluster } = place.identity;
  const vpc = await ensureVpc(place, settings.vpcCIDR);
  const gateway = await ensureGateway(place, vpc);
  const blocks = subnetBlocks(settings.vpcCIDR);
  const subnets = async (kind: "public" | "private", offset: number) => {
    const known = await subnetsOf(place);
    const parts = Array.from({ length: count }, (_, index) => `subnet-${kind}-${index + 1}`);
    const used = new Set(parts.map((part) => known.get(part)?.zone));
    const made: SubnetPlace[] = [];
    for (const [index, part] of parts.entries()) {
      const zone = zones.find((one) => !used.has(one)) ?? zones[index % zones.length] ?? "";
      const stem = `${cluster}-${kind === "private" ? "private-" : ""}subnet`;
      const subnet = await ensureSubnet(place, {
        ...{ part, vpc, zone, kind, cidr: blocks[offset + index] ?? "" },
        name: index === 0 ? stem : `${stem}-${index + 1}`,
        known: known.get(part),
      });
      used.add(subnet.zone);
      made.push(subnet);
    }
    return made;
  };
  const open = await subnets("public", 0);
  await ensureRouteTable(place, vpc, "public", { GatewayId: gateway }, open);
  if (!settings.private) return { vpc, cidr: settings.vpcCIDR, nodes: open, open };
  const nodes = await subnets("private", 4);
  const nat = await ensureNat(place, open[0]?.id ?? "");
  await ensureRouteTable(place, vpc, "private", { NatGatewayId: nat }, nodes);
  return { vpc, cidr: settings.vpcCIDR, nodes, open };
}

async function ensureVpc(place: Place, cidr: string): Promise<string> {
  const { session, identity } = place;
  const part = { part: "vpc", role: "network", name: `${identity.cluster}-vpc` };
  const vpc = await ensurePart(place, part.part, {
    find: async () => {
      const { Vpcs: [found] = [] } = await look(session, "look for the VPC", () =>
        session.ec2.send(new DescribeVpcsCommand({ Filters: ours(identity, part.part) })),
      );
      return found?.VpcId;
    },
    create: async () => {
      const answer = await createOnce(session, "create the VPC", () =>
        session.ec2.send(
          new CreateVpcCommand({ CidrBlock: cidr, ...tagged(identity, part, "vpc") }),
        ),
      );
      return given(answer.Vpc?.VpcId, "the VPC");
    },
  });
  // One attribute a call; public names of elastic addresses need both.
  for (const attribute of ["EnableDnsSupport", "EnableDnsHostnames"] as const) {
    await change(session, `set ${attribute} of ${vpc}`, () =>
      session.ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc, [attribute]: { Value: true } })),
    );
  }
  return vpc;
}

async function ensureGateway(place: Place, vpc: string): Promise<string> {
  const { session, identity } = place;
  const part = { part: "internet-gateway", role: "network", name: `${identity.cluster}-igw` };
  const find = async () => {
    const answer = await look(session, "look for the internet gateway", () =>
      session.ec2.send(new DescribeInternetGatewaysCommand({ Filters: ours(identity, part.part) })),
    );
    const [found] = answer.InternetGateways ?? [];
    return found && { id: found.InternetGatewayId ?? "", attached: found.Attachments?.[0]?.VpcId };
  };
  const gateway = await ensurePart(place, part.part, {
    find,
    create: async () => {
      const answer = await createOnce(session, "create the internet gateway", () =>
        session.ec2.send(
          new CreateInternetGatewayCommand(tagged(identity, part, "internet-gateway")),
        ),
      );
      const id = given(answer.InternetGateway?.InternetGatewayId, "the internet gateway");
      return { id, attached: undefined };
    },
  });
  if (gateway.attached !== vpc) {
    await ignoring(/^Resource\.AlreadyAssociated$/, () =>
      change(session, `attach ${gateway.id} to ${vpc}`, () =>
        session.ec2.send(
          new AttachInternetGatewayCommand({ InternetGatewayId: gateway.id, VpcId: vpc }),
        ),
      ),
    );
  }
  return gateway.id;
}

async function subnetsOf({ session, identity }: Place) {
  const { Subnets = [] } = await look(session, "look for subnets", () =>
    session.ec2.send(new DescribeSubnetsCommand({ Filters: ours(identity) })),
  );
  return new Map(
    Subnets.map(({ SubnetId = "", AvailabilityZone = "", Tags = [] }) => [
      Tags.find(({ Key }) => Key === "clouder-part")?.Value ?? "",
      { id: SubnetId, zone: AvailabilityZone },
    ]),
  );
}

interface WantedSubnet {
  readonly part: string;
  readonly name: string;
  readonly kind: "public" | "private";
  readonly vpc: string;
  readonly zone: string;
  readonly cidr: string;
  readonly known: SubnetPlace | undefined;
}

async function ensureSubnet(place: Place, wanted: WantedSubnet): Promise<SubnetPlace> {
  const { session, identity } = place;
  const { part, name, kind, vpc, zone, cidr, known } = wanted;
  const extra = {
    [`kubernetes.io/cluster/${identity.cluster}`]: "owned",
    [`kubernetes.io/role/${kind === "public" ? "elb" : "internal-elb"}`]: "1",
  };
  return await ensurePart(place, part, {
    known,
    find: async () => (await subnetsOf(place)).get(part),
    create: async () => {
      const answer = await createOnce(
        session,
        `create the subnet ${cidr}`,
        () =>
          session.ec2.send(
            new CreateSubnetCommand({
              ...{ VpcId: vpc, CidrBlock: cidr, AvailabilityZone: zone },
              ...tagged(identity, { part, role: "network", name, extra }, "subnet"),
            }),
          ),
        /^InvalidVpcI[Dd]\.NotFound$/,
      );
      return { id: given(answer.Subnet?.SubnetId, "a subnet"), zone };
    },
  });
}

/** Eight equal parts: four for public subnets, four for private ones. */
export function subnetBlocks(cidr: string): readonly string[] {
  const network = parseNetwork(cidr);
  if (!network) return [];
  const prefix = network.prefix + 3;
  return Array.from(
    { length: 8 },
    (_, index) => `${formatAddress(network.first + index * 2 ** (32 - prefix))}/${prefix}`,
  );
}
