import {
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ReleaseAddressCommand,
  RevokeSecurityGroupIngressCommand,
  DescribeAddressesCommand,
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  type Filter,
  type InternetGateway,
  type NetworkInterface,
  type RouteTable,
  type SecurityGroup,
  type Tag,
} from "@aws-sdk/client-ec2";
import { madeByControllers, ours, tagValue, type AwsIdentity } from "./identity.ts";
import { everyItem } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import { drop, thing, type Search } from "./thing.ts";
import type { CloudThing } from "#bootstrap/providers/remove-in-passes";

/** Everything of the network but the VPC itself, and what else is in a VPC of ours. */
export async function networkThings(search: Search): Promise<readonly CloudThing[]> {
  const { session } = search;
  const { ec2: client } = session;
  const kinds = [
    found(search, "subnets", {
      filter: "vpc-id",
      pages: (Filters) =>
        everyItem(paginateDescribeSubnets({ client }, { Filters }), (page) => page.Subnets),
      thing: ({ SubnetId: id = "", Tags }) =>
        thing("subnet", id, tagValue(Tags, "Name"), () =>
          drop(session, `delete ${id}`, () =>
            client.send(new DeleteSubnetCommand({ SubnetId: id })),
          ),
        ),
    }),
    found(search, "internet gateways", {
      filter: "attachment.vpc-id",
      pages: (Filters) =>
        everyItem(
          paginateDescribeInternetGateways({ client }, { Filters }),
          (page) => page.InternetGateways,
        ),
      thing: (one) => gateway(session, one),
    }),
    found(search, "route tables", {
      filter: "vpc-id",
      pages: (Filters) =>
        everyItem(paginateDescribeRouteTables({ client }, { Filters }), (page) =>
          page.RouteTables?.filter(isNoMain),
        ),
      thing: (one) => routeTable(session, one),
    }),
    found(search, "security groups", {
      filter: "vpc-id",
      pages: (Filters) =>
        everyItem(paginateDescribeSecurityGroups({ client }, { Filters }), (page) =>
          page.SecurityGroups?.filter(({ GroupName }) => GroupName !== "default"),
        ),
      thing: (one) => group(session, one),
    }),
    found(search, "NAT gateways", {
      filter: "vpc-id",
      pages: (Filter) =>
        everyItem(paginateDescribeNatGateways({ client }, { Filter }), (page) =>
          page.NatGateways?.filter(({ State }) => State !== "deleted"),
        ),
      thing: ({ NatGatewayId: id = "", Tags, State }) =>
        thing(
          ...(["NAT gateway", id, tagValue(Tags, "Name")] as const),
          () =>
            drop(session, `delete ${id}`, () =>
              client.send(new DeleteNatGatewayCommand({ NatGatewayId: id })),
            ),
          State === "deleting",
        ),
    }),
    found(search, "network interfaces", {
      filter: "vpc-id",
      pages: (Filters) =>
        everyItem(
          paginateDescribeNetworkInterfaces({ client }, { Filters }),
          (page) => page.NetworkInterfaces,
        ),
      thing: (one) => networkInterface(session, one),
    }),
    found(search, "endpoints", {
      filter: "vpc-id",
      pages: (Filters) =>
        everyItem(paginateDescribeVpcEndpoints({ client }, { Filters }), (page) =>
          page.VpcEndpoints?.filter(({ State }) => !/^deleted$/i.test(State ?? "")),
        ),
      thing: ({ VpcEndpointId: id = "", Tags, State }) =>
        thing(
          ...(["endpoint", id, tagValue(Tags, "Name")] as const),
          () =>
            drop(session, `delete ${id}`, () =>
              client.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })),
            ),
          /^deleting$/i.test(State ?? ""),
        ),
    }),
    addresses(search),
  ];
  return (await Promise.all(kinds)).flat();
}

interface Kind<T> {
  /** Filter that takes ids of VPCs. */
  readonly filter: string;
  pages(filters: Filter[]): Promise<readonly T[]>;
  thing(one: T): CloudThing;
}

/** Filters cannot say "or": one look by tag, one for every VPC of ours. */
async function found<T extends { Tags?: Tag[] | undefined; TagSet?: Tag[] | undefined }>(
  { session, identity, vpcs }: Search,
  what: string,
  kind: Kind<T>,
): Promise<readonly CloudThing[]> {
  const tagged = await look(session, `list the ${what}`, () => kind.pages(ours(identity)));
  const things = new Map(tagged.map((one) => [kind.thing(one).id, kind.thing(one)]));
  if (vpcs.length === 0) return [...things.values()];
  const inside = await look(session, `list the ${what} of ${vpcs.join(", ")}`, () =>
    kind.pages([{ Name: kind.filter, Values: [...vpcs] }]),
  );
  for (const one of inside) {
    const here = kind.thing(one);
    if (things.has(here.id)) continue;
    things.set(here.id, { ...here, foreign: !belongs(identity, one) });
  }
  return [...things.values()];
}

/** In a VPC of ours: what the cluster's own controllers, or AWS for its gateways and balancers, made. */
function belongs(
  { cluster }: AwsIdentity,
  one: { Tags?: Tag[] | undefined; TagSet?: Tag[] | undefined },
): boolean {
  const tags = one.Tags ?? one.TagSet;
  const { RequesterManaged, Description } = one as Partial<NetworkInterface>;
  return (
    madeByControllers(cluster, tags) ||
    RequesterManaged === true ||
    /^(ELB |Interface for NAT|aws-K8S)/.test(Description ?? "")
  );
}

const isNoMain = ({ Associations = [] }: RouteTable): boolean =>
  !Associations.some(({ Main }) => Main === true);

function gateway(session: AwsSession, one: InternetGateway): CloudThing {
  const { InternetGatewayId: id = "", Tags, Attachments = [] } = one;
  return thing("internet gateway", id, tagValue(Tags, "Name"), async () => {
    for (const { VpcId } of Attachments) {
      await drop(session, `detach ${id}`, () =>
        session.ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId })),
      );
    }
    await drop(session, `delete ${id}`, () =>
      session.ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id })),
    );
  });
}

function routeTable(session: AwsSession, one: RouteTable): CloudThing {
  const { RouteTableId: id = "", Tags, Associations = [] } = one;
  return thing("route table", id, tagValue(Tags, "Name"), async () => {
    for (const { RouteTableAssociationId } of Associations) {
      await drop(session, `take ${id} out of use`, () =>
        session.ec2.send(
          new DisassociateRouteTableCommand({ AssociationId: RouteTableAssociationId }),
        ),
      );
    }
    await drop(session, `delete ${id}`, () =>
      session.ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })),
    );
  });
}

/** Groups that name each other hold each other: the rules go first. */
function group(session: AwsSession, one: SecurityGroup): CloudThing {
  const { GroupId: id = "", GroupName, IpPermissions = [] } = one;
  return thing("security group", id, GroupName, async () => {
    if (IpPermissions.length > 0) {
      await drop(session, `empty ${id}`, () =>
        session.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions })),
      );
    }
    await drop(session, `delete ${id}`, () =>
      session.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })),
    );
  });
}

function networkInterface(session: AwsSession, one: NetworkInterface): CloudThing {
  const { NetworkInterfaceId: id = "", TagSet, Status } = one;
  return thing(
    ...(["network interface", id, tagValue(TagSet, "Name")] as const),
    () =>
      drop(session, `delete ${id}`, () =>
        session.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
      ),
    // One in use goes with its machine, gateway or load balancer.
    Status === "in-use",
  );
}

async function addresses({ session, identity }: Search): Promise<readonly CloudThing[]> {
  const { Addresses = [] } = await look(session, "list the public addresses", () =>
    session.ec2.send(new DescribeAddressesCommand({ Filters: ours(identity) })),
  );
  return Addresses.map(({ AllocationId: id = "", Tags }) =>
    thing("address", id, tagValue(Tags, "Name"), () =>
      drop(session, `release ${id}`, () =>
        session.ec2.send(new ReleaseAddressCommand({ AllocationId: id })),
      ),
    ),
  );
}
