import { kinds } from "./kinds.ts";
import { ensureThing } from "./part.ts";
import { find } from "./session.ts";
import { findThing, type Known, type Site, type Workplace } from "./site.ts";
import type { PublicIPAddress, Subnet, VirtualNetwork } from "@azure/arm-network";
import { ClouderError } from "#core/error";

/** Addresses of their own, zone-redundant where the region has zones. */
export async function ensureAddress(
  site: Site,
  name: string,
  tags: Readonly<Record<string, string>> = {},
  zones: readonly string[] = [],
): Promise<Known<PublicIPAddress>> {
  return await ensureThing(site, {
    ...{ kind: kinds.address, name, role: "network", tags },
    body: {
      sku: { name: "Standard", tier: "Regional" },
      ...(zones.length > 0 && { zones: [...zones] }),
      ...{ publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4" },
    },
  });
}

/** A NAT gateway is the way out of machines that have no addresses of their own. */
export const wantsNat = ({ private: hidden, subnet }: Workplace["settings"]): boolean =>
  hidden && subnet === undefined;

/** The NAT gateway with its address; gives its id. */
export async function ensureNat(site: Site): Promise<string> {
  const { cluster } = site.identity;
  const address = await ensureAddress(site, `${cluster}-nat-ip`);
  const nat = await ensureThing(site, {
    ...{ kind: kinds.nat, name: `${cluster}-nat`, role: "network" },
    body: {
      sku: { name: "Standard" },
      ...{ idleTimeoutInMinutes: 10, publicIpAddresses: [{ id: address.id }] },
    },
  });
  return nat.id;
}

/** The virtual network with its subnet; gives the subnet's id. One of the user's is left as it is. */
export async function ensureSubnet(
  site: Site,
  firewall: string,
  nat: string | undefined,
): Promise<string> {
  const { settings, identity } = site;
  if (settings.subnet !== undefined) return (await adoptedSubnet(site, settings.subnet)).id;
  const { cluster } = identity;
  const name = `${cluster}-subnet`;
  const vnet = await ensureThing(site, {
    ...{ kind: kinds.network, name: `${cluster}-vnet`, role: "network" },
    body: {
      addressSpace: { addressPrefixes: [settings.vnetCIDR] },
      subnets: [
        {
          name,
          addressPrefix: settings.subnetCIDR,
          networkSecurityGroup: { id: firewall },
          ...(nat !== undefined && { natGateway: { id: nat } }),
          // Said, whatever the api version takes for granted: every way out is explicit.
          defaultOutboundAccess: false,
        },
      ],
    },
  });
  return `${vnet.id}/subnets/${name}`;
}

export interface AdoptedSubnet {
  readonly id: string;
  readonly cidr: string;
  readonly addresses: number;
  /** Machines without addresses of their own get out. */
  readonly wayOut: boolean;
}

/** A subnet of the user's, which is neither changed nor tagged nor deleted. */
export async function adoptedSubnet(place: Workplace, id: string): Promise<AdoptedSubnet> {
  const { region } = place;
  const { vnet, subnet } = await subnetBy(place, id);
  if (!vnet || !subnet) {
    throw new ClouderError("not-found", `the subnet ${id} is not there`, {
      hint: "see: az network vnet subnet list --resource-group GROUP --vnet-name VNET --query [].id",
    });
  }
  if (vnet.location !== undefined && vnet.location !== region) {
    throw new ClouderError("config", `${vnet.name} is in ${vnet.location}, not in ${region}`, {
      hint: `choose --region ${vnet.location}, or another subnet`,
    });
  }
  const { addressPrefix, addressPrefixes, natGateway, routeTable, ipConfigurations } = subnet;
  return {
    id: subnet.id ?? id,
    cidr: addressPrefix ?? addressPrefixes?.[0] ?? "",
    addresses: ipConfigurations?.length ?? 0,
    wayOut: natGateway !== undefined || routeTable !== undefined,
  };
}

/** A subnet, maybe of another subscription, with its network. */
async function subnetBy(
  { session }: Workplace,
  id: string,
): Promise<{ readonly vnet?: Known<VirtualNetwork>; readonly subnet?: Subnet }> {
  const [, , subscription = "", , resourceGroup = "", , , , network = "", , name = ""] =
    id.split("/");
  const clients = session.clients(subscription);
  const vnet = await findThing({ session, clients, resourceGroup }, kinds.network, network);
  if (!vnet) return {};
  const subnet = await find(session, `look up ${id}`, async (options) =>
    (await clients.network()).subnets.get(resourceGroup, network, name, options),
  );
  return { vnet, ...(subnet && { subnet }) };
}
