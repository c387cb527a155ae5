import type { ApplicationSecurityGroup, LoadBalancer, NatGateway } from "@azure/arm-network";
import type { NetworkInterface, NetworkSecurityGroup } from "@azure/arm-network";
import type { PublicIPAddress, VirtualNetwork } from "@azure/arm-network";
import type { AvailabilitySet, Disk, VirtualMachine } from "@azure/arm-compute";
import type { Identity } from "@azure/arm-msi";
import type { Clients } from "./clients.ts";
import type { Tags } from "./identity.ts";
import type { CallOptions, Sent } from "./session.ts";

/** What all things of a resource group have, in the SDKs' words. */
export interface Thing {
  readonly id?: string;
  readonly name?: string;
  readonly type?: string;
  readonly location?: string;
  readonly tags?: Tags;
  readonly managedBy?: string;
  readonly provisioningState?: string;
}

/** The SDK's calls for things of one kind, which are alike in all SDKs. */
interface Operations<T> {
  list(group: string, options: CallOptions): AsyncIterable<T>;
  get(group: string, name: string, options: CallOptions): PromiseLike<T>;
  createOrUpdate(
    group: string,
    name: string,
    body: T,
    options: CallOptions & { readonly ifNoneMatch?: string },
  ): Sent<T>;
  delete(group: string, name: string, options: CallOptions): Sent<unknown>;
}

/** A kind of thing that a cluster has in Azure. */
export interface Kind<T extends Thing = Thing> {
  readonly title: string;
  /** Namespace and type, as ids have them. */
  readonly type: string;
  /** Order of removal: what uses others goes before them. */
  readonly stage: number;
  operations(clients: Clients): Promise<Operations<T>>;
}

const kind = <T extends Thing>(
  title: string,
  type: string,
  stage: number,
  operations: (clients: Clients) => Promise<Operations<T>>,
): Kind<T> => ({ title, type, stage, operations });

export const kinds = {
  machine: kind<VirtualMachine>(
    ...(["machine", "Microsoft.Compute/virtualMachines", 0] as const),
    async ({ compute }) => (await compute()).virtualMachines,
  ),
  nic: kind<NetworkInterface>(
    ...(["network interface", "Microsoft.Network/networkInterfaces", 1] as const),
    async ({ network }) => (await network()).networkInterfaces,
  ),
  disk: kind<Disk>("disk", "Microsoft.Compute/disks", 1, async ({ compute }) => {
    const { disks } = await compute();
    return { ...disks, list: disks.listByResourceGroup };
  }),
  set: kind<AvailabilitySet>(
    ...(["availability set", "Microsoft.Compute/availabilitySets", 1] as const),
    async ({ compute }) => (await compute()).availabilitySets,
  ),
  balancer: kind<LoadBalancer>(
    ...(["load balancer", "Microsoft.Network/loadBalancers", 2] as const),
    async ({ network }) => (await network()).loadBalancers,
  ),
  network: kind<VirtualNetwork>(
    ...(["virtual network", "Microsoft.Network/virtualNetworks", 3] as const),
    async ({ network }) => (await network()).virtualNetworks,
  ),
  nat: kind<NatGateway>(
    ...(["NAT gateway", "Microsoft.Network/natGateways", 4] as const),
    async ({ network }) => (await network()).natGateways,
  ),
  firewall: kind<NetworkSecurityGroup>(
    ...(["network security group", "Microsoft.Network/networkSecurityGroups", 4] as const),
    async ({ network }) => (await network()).networkSecurityGroups,
  ),
  group: kind<ApplicationSecurityGroup>(
    ...(["application group", "Microsoft.Network/applicationSecurityGroups", 5] as const),
    async ({ network }) => (await network()).applicationSecurityGroups,
  ),
  address: kind<PublicIPAddress>(
    ...(["address", "Microsoft.Network/publicIPAddresses", 5] as const),
    async ({ network }) => (await network()).publicIPAddresses,
  ),
  identity: kind<Identity>(
    ...(["identity", "Microsoft.ManagedIdentity/userAssignedIdentities", 5] as const),
    async ({ identities }) => {
      const { userAssignedIdentities: all } = await identities();
      return {
        list: (group, options) => all.listByResourceGroup(group, options),
        get: (group, name, options) => all.get(group, name, options),
        createOrUpdate: (...request) => all.createOrUpdate(...request),
        delete: (...request) => all.delete(...request),
      };
    },
  ),
} as const;

/** Namespaces that a subscription must have registered. */
export const namespaces = [
  ...["Microsoft.Network", "Microsoft.Compute", "Microsoft.ManagedIdentity"],
] as const;
