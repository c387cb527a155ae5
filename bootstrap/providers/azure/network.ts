import { kinds } from "./kinds.ts";
import { ensureThing } from "./part.ts";
import { find } from "./session.ts";
import { versioned, type Site, type Thing, type Workplace } from "./site.ts";
import { ClouderError } from "#core/error";

/** Addresses of their own, zone-redundant where the region has zones. */
export async function ensureAddress(
  site: Site,
  name: string,
  tags: Readonly<Record<string, string>> = {},
  zones: readonly string[] = [],
): Promise<Thing<{ readonly ipAddress?: string }>> {
  return await ensureThing(site, {
    ...{ kind: kinds.address, name, role: "network", tags },
    body: {
      sku: { name: "Standard", tier: "Regional" },
      ...(zones.length > 0 && { zones }),
      properties: { publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4" },
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
      properties: { idleTimeoutInMinutes: 10, publicIpAddresses: [{ id: address.id }] },
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
      properties: {
        addressSpace: { addressPrefixes: [settings.vnetCIDR] },
        subnets: [
          {
            name,
            properties: {
              addressPrefix: settings.subnetCIDR,
              networkSecurityGroup: { id: firewall },
              ...(nat !== undefined && { natGateway: { id: nat } }),
              // Said, whatever the api version takes for granted: every way out is explicit.
              defaultOutboundAccess: false,
            },
          },
        ],
      },
    },
  });
  return `${vnet.id}/subnets/${name}`;
}

interface SubnetProperties {
  readonly addressPrefix?: string;
  readonly addressPrefixes?: readonly string[];
  readonly natGateway?: { readonly id: string };
  readonly routeTable?: { readonly id: string };
  readonly ipConfigurations?: readonly unknown[];
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
  const { session, region } = place;
  const vnetId = id.replace(/\/subnets\/[^/]+$/i, "");
  const vnet = await find<Thing>(session, versioned(vnetId, kinds.network), `look up ${vnetId}`);
  const path = versioned(id, kinds.network);
  const subnet = vnet && (await find<Thing<SubnetProperties>>(session, path, `look up ${id}`));
  if (!subnet) {
    throw new ClouderError("not-found", `the subnet ${id} is not there`, {
      hint: "see: az network vnet subnet list --resource-group GROUP --vnet-name VNET --query [].id",
    });
  }
  if (vnet.location !== undefined && vnet.location !== region) {
    throw new ClouderError("config", `${vnet.name} is in ${vnet.location}, not in ${region}`, {
      hint: `choose --region ${vnet.location}, or another subnet`,
    });
  }
  const { addressPrefix, addressPrefixes, natGateway, routeTable, ipConfigurations } =
    subnet.properties;
  return {
    id: subnet.id,
    cidr: addressPrefix ?? addressPrefixes?.[0] ?? "",
    addresses: ipConfigurations?.length ?? 0,
    wayOut: natGateway !== undefined || routeTable !== undefined,
  };
}
