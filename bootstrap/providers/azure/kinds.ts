/** A kind of thing that a cluster has in Azure; api versions are pinned here and nowhere else. */
export interface Kind {
  readonly title: string;
  /** Namespace and type, as paths have them. */
  readonly type: string;
  readonly version: string;
  /** Order of removal: what uses others goes before them. */
  readonly stage: number;
}

const network = "2024-05-01";
const compute = "2024-07-01";

const kind = (title: string, type: string, version: string, stage: number): Kind => ({
  ...{ title, type, version, stage },
});

export const kinds = {
  machine: kind("machine", "Microsoft.Compute/virtualMachines", compute, 0),
  nic: kind("network interface", "Microsoft.Network/networkInterfaces", network, 1),
  disk: kind("disk", "Microsoft.Compute/disks", "2024-03-02", 1),
  set: kind("availability set", "Microsoft.Compute/availabilitySets", compute, 1),
  balancer: kind("load balancer", "Microsoft.Network/loadBalancers", network, 2),
  network: kind("virtual network", "Microsoft.Network/virtualNetworks", network, 3),
  nat: kind("NAT gateway", "Microsoft.Network/natGateways", network, 4),
  firewall: kind("network security group", "Microsoft.Network/networkSecurityGroups", network, 4),
  group: kind("application group", "Microsoft.Network/applicationSecurityGroups", network, 5),
  address: kind("address", "Microsoft.Network/publicIPAddresses", network, 5),
  identity: kind(
    ...(["identity", "Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31", 5] as const),
  ),
} as const satisfies Readonly<Record<string, Kind>>;

/** Versions of calls that are about no single thing. */
export const versions = {
  resources: "2021-04-01",
  subscriptions: "2022-12-01",
  skus: "2021-07-01",
  compute,
  network,
  authorization: "2022-04-01",
} as const;

/** Namespaces that a subscription must have registered. */
export const namespaces = [
  ...["Microsoft.Network", "Microsoft.Compute", "Microsoft.ManagedIdentity"],
] as const;
