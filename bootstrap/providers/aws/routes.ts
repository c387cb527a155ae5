import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  type RouteTable,
} from "@aws-sdk/client-ec2";
import { ignoring } from "./aws-error.ts";
import { clientToken, ours, tagged } from "./identity.ts";
import type { SubnetPlace } from "./network.ts";
import { ensurePart, given, type Place } from "./part.ts";
import { generationOf } from "./record.ts";
import { change, createOnce, look } from "./session.ts";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

type Way = { readonly GatewayId: string } | { readonly NatGatewayId: string };

/** A route table with a way out, in use by the subnets. */
export async function ensureRouteTable(
  place: Place,
  vpc: string,
  kind: "public" | "private",
  way: Way,
  subnets: readonly SubnetPlace[],
): Promise<void> {
  const { session, identity } = place;
  const part = {
    part: `routes-${kind}`,
    role: "network",
    name: `${identity.cluster}-${kind}-routes`,
  };
  const find = async () => {
    const { RouteTables: [found] = [] } = await look(session, "look for the route table", () =>
      session.ec2.send(new DescribeRouteTablesCommand({ Filters: ours(identity, part.part) })),
    );
    return found;
  };
  const table = await ensurePart<RouteTable>(place, part.part, {
    find,
    create: async () => {
      const { RouteTable: made } = await createOnce(
        session,
        "create the route table",
        () =>
          session.ec2.send(
            new CreateRouteTableCommand({
              VpcId: vpc,
              ClientToken: clientToken(
                identity,
                part.part,
                generationOf(place.book.current(), part.part),
              ),
              ...tagged(identity, part, "route-table"),
            }),
          ),
        /^InvalidVpcI[Dd]\.NotFound$/,
      );
      return made ?? {};
    },
  });
  const id = given(table.RouteTableId, "the route table");
  const everywhere = "0.0.0.0/0";
  if (!table.Routes?.some((route) => route.DestinationCidrBlock === everywhere)) {
    await ignoring(/^RouteAlreadyExists$/, () =>
      change(session, `add the route to ${everywhere}`, () =>
        session.ec2.send(
          new CreateRouteCommand({ RouteTableId: id, DestinationCidrBlock: everywhere, ...way }),
        ),
      ),
    );
  }
  for (const { id: subnet } of subnets) {
    if (table.Associations?.some((one) => one.SubnetId === subnet)) continue;
    await ignoring(/^Resource\.AlreadyAssociated$/, () =>
      change(session, `use the route table in ${subnet}`, () =>
        session.ec2.send(new AssociateRouteTableCommand({ RouteTableId: id, SubnetId: subnet })),
      ),
    );
  }
}

/** The public address of the NAT gateway; gives its allocation. */
async function ensureAddress(place: Place, part: string, name: string): Promise<string> {
  const { session, identity } = place;
  return await ensurePart(place, part, {
    find: async () => {
      const { Addresses: [found] = [] } = await look(session, "look for the public address", () =>
        session.ec2.send(new DescribeAddressesCommand({ Filters: ours(identity, part) })),
      );
      return found?.AllocationId;
    },
    create: async () => {
      const made = await createOnce(session, "allocate a public address", () =>
        session.ec2.send(
          new AllocateAddressCommand({
            Domain: "vpc",
            ...tagged(identity, { part, role: "network", name }, "elastic-ip"),
          }),
        ),
      );
      return given(made.AllocationId, "the address");
    },
  });
}

/** The NAT gateway through which private machines reach the Internet, ready. */
export async function ensureNat(place: Place, subnet: string): Promise<string> {
  const { session, identity } = place;
  const part = { part: "nat", role: "network", name: `${identity.cluster}-nat` };
  const allocation = await ensureAddress(place, "nat-address", `${part.name}-ip`);
  const find = async () => {
    const { NatGateways = [] } = await look(session, "look for the NAT gateway", () =>
      session.ec2.send(new DescribeNatGatewaysCommand({ Filter: ours(identity, part.part) })),
    );
    return NatGateways.find(({ State }) => State === "pending" || State === "available");
  };
  const nat = await ensurePart(place, part.part, {
    find,
    create: async () => {
      const { NatGateway: made } = await createOnce(
        session,
        "create the NAT gateway",
        () =>
          session.ec2.send(
            new CreateNatGatewayCommand({
              SubnetId: subnet,
              AllocationId: allocation,
              ClientToken: clientToken(
                identity,
                part.part,
                generationOf(place.book.current(), part.part),
              ),
              ...tagged(identity, part, "natgateway"),
            }),
          ),
        /NotFound$/,
      );
      return made ?? {};
    },
  });
  const id = given(nat.NatGatewayId, "the NAT gateway");
  await waitFor(
    `the NAT gateway ${id}`,
    { timeoutMs: 600_000, everyMs: 5000, clock: session.clock, signal: session.signal },
    async () => {
      const { NatGateways: [now] = [] } = await change(session, `look at ${id}`, () =>
        session.ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id] })),
      );
      if (now?.State === "failed") {
        throw new ClouderError("refused", `${id} could not be made: ${now.FailureMessage ?? ""}`, {
          hint: "delete it, or run the command again when AWS has removed it",
        });
      }
      return now?.State === "available" ? now : undefined;
    },
  );
  return id;
}
