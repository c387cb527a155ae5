import { childrenOf, freshEtag, type Cloud, type Properties, type Stored } from "./cloud.ts";
import type { Kind } from "./kinds.ts";
import { Refusal } from "./refusal.ts";
import { networkShapes } from "./shapes-network.ts";

const shapeOf = (type: string) => networkShapes[type] ?? "any";
const list = (value: unknown): Properties[] => (Array.isArray(value) ? value : []) as Properties[];
const inner = (one: Properties): Properties => (one["properties"] ?? {}) as Properties;
const idIn = (value: unknown): string => (value as { id?: string } | undefined)?.id ?? "";

/** Children that came inside of their parent get ids and states of their own. */
function settleChildren(cloud: Cloud, stored: Stored, name: string): void {
  const key = Object.keys(stored.properties).find(
    (one) => one.toLowerCase() === name.toLowerCase(),
  );
  if (key === undefined) return;
  stored.properties[key] = list(stored.properties[key]).map((one) => ({
    ...one,
    id: `${stored.id}/${key}/${String(one["name"])}`,
    etag: freshEtag(cloud),
    properties: { ...inner(one), provisioningState: "Succeeded" },
  }));
}

/** The next address of a subnet that nobody has; the first four are Azure's. */
function allocate(cloud: Cloud, subnet: string): string {
  const { addressPrefix = "10.0.0.0/24" } = inner(cloud.child(subnet) ?? {});
  const prefix = addressPrefix as string;
  const stem = prefix.replace(/\d+\/\d+$/, "");
  const taken = JSON.stringify([...cloud.things.values()].map(({ properties }) => properties));
  for (let last = 4; last < 250; last += 1) {
    if (!taken.includes(`"${stem}${last}"`)) return `${stem}${last}`;
  }
  throw new Refusal(409, "SubnetIsFull", `Subnet ${subnet} does not have enough capacity.`);
}

function checkPriorities(rules: readonly Properties[]): void {
  const seen = new Set<string>();
  for (const rule of rules) {
    const { priority, direction, name } = { ...inner(rule), name: rule["name"] } as Properties;
    const key = `${String(direction)} ${String(priority)}`;
    if (Number(priority) < 100 || Number(priority) > 4096) {
      throw new Refusal(
        400,
        "SecurityRuleInvalidPriority",
        `Security rule has invalid Priority ${String(priority)}.`,
      );
    }
    if (seen.has(key)) {
      throw new Refusal(
        400,
        "SecurityRuleConflict",
        `Security rule ${String(name)} conflicts with another: the priority ${key} is taken.`,
      );
    }
    seen.add(key);
  }
}

/** How the fake treats Microsoft.Network. */
export const networkKinds: Readonly<Record<string, Kind>> = {
  "Microsoft.Network/virtualNetworks": {
    shape: shapeOf("virtualNetworks"),
    slow: true,
    inUse: [400, "InUseSubnetCannotBeDeleted"],
    onPut: (cloud, stored, before) => {
      // A PUT without them keeps the subnets there are.
      if (before && stored.properties["subnets"] === undefined) {
        stored.properties["subnets"] = childrenOf(before, "subnets");
      }
      stored.properties["subnets"] ??= [];
      settleChildren(cloud, stored, "subnets");
      return undefined;
    },
    view: (cloud, stored) => ({
      subnets: childrenOf(stored, "subnets").map((one) => ({
        ...one,
        properties: {
          ...inner(one),
          ipConfigurations: cloud
            .usersOf(String(one["id"]))
            .map(({ id }) => ({ id: `${id}/ipConfigurations/first` })),
        },
      })),
    }),
  },
  "Microsoft.Network/networkSecurityGroups": {
    shape: shapeOf("networkSecurityGroups"),
    slow: true,
    inUse: [400, "InUseNetworkSecurityGroupCannotBeDeleted"],
    onPut: (cloud, stored) => {
      stored.properties["securityRules"] ??= [];
      checkPriorities(childrenOf(stored, "securityRules"));
      settleChildren(cloud, stored, "securityRules");
      return undefined;
    },
  },
  "Microsoft.Network/applicationSecurityGroups": {
    shape: shapeOf("applicationSecurityGroups"),
    slow: true,
    inUse: [400, "ApplicationSecurityGroupInUse"],
  },
  "Microsoft.Network/publicIPAddresses": {
    shape: shapeOf("publicIPAddresses"),
    slow: true,
    inUse: [400, "PublicIPAddressCannotBeDeleted"],
    onPut: (cloud, stored, before) => {
      const { name } = (stored.extra["sku"] ?? {}) as { name?: string };
      if (name !== "Standard" || stored.properties["publicIPAllocationMethod"] !== "Static") {
        throw new Refusal(
          400,
          "IPv4BasicSkuPublicIpCountLimitReached",
          "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
        );
      }
      stored.properties["ipAddress"] = before?.properties["ipAddress"] ?? cloud.publicAddress();
      return undefined;
    },
    view: (cloud, stored) => {
      const [user] = cloud.usersOf(stored.id);
      return user ? { ipConfiguration: { id: `${user.id}/ipConfigurations/first` } } : {};
    },
  },
  "Microsoft.Network/natGateways": {
    shape: shapeOf("natGateways"),
    slow: true,
    inUse: [400, "NatGatewayInUseBySubnet"],
  },
  "Microsoft.Network/loadBalancers": {
    shape: shapeOf("loadBalancers"),
    slow: true,
    inUse: [409, "LoadBalancerInUse"],
    onPut: (cloud, stored, before) => {
      for (const one of list(stored.properties["frontendIPConfigurations"])) {
        const own = inner(one);
        const subnet = idIn(own["subnet"]);
        if (subnet === "") continue;
        const known = childrenOf(before, "frontendIPConfigurations").find(
          ({ name }) => name === one["name"],
        );
        one["properties"] = {
          ...own,
          privateIPAddress: (known && inner(known)["privateIPAddress"]) ?? allocate(cloud, subnet),
        };
      }
      for (const name of [
        ...["frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes"],
      ]) {
        settleChildren(cloud, stored, name);
      }
      return undefined;
    },
  },
  "Microsoft.Network/networkInterfaces": {
    shape: shapeOf("networkInterfaces"),
    slow: true,
    inUse: [400, "NicInUse"],
    onPut: (cloud, stored, before) => {
      for (const [index, one] of list(stored.properties["ipConfigurations"]).entries()) {
        const own = inner(one);
        const known = list(before?.properties["ipConfigurations"])[index];
        const address = (known && inner(known)["privateIPAddress"]) ?? undefined;
        one["properties"] = {
          privateIPAllocationMethod: "Dynamic",
          ...own,
          privateIPAddress: address ?? allocate(cloud, idIn(own["subnet"])),
        };
        checkSinglePublicUse(cloud, stored, idIn(own["publicIPAddress"]));
      }
      settleChildren(cloud, stored, "ipConfigurations");
      return undefined;
    },
    onRemove: (cloud, stored) => {
      for (const one of list(stored.properties["ipConfigurations"])) {
        const address = inner(one)["publicIPAddress"] as Properties | undefined;
        if (address && inner(address)["deleteOption"] === "Delete") {
          cloud.things.delete(idIn(address).toLowerCase());
        }
      }
    },
    view: (cloud, stored) => {
      const user = cloud
        .usersOf(stored.id)
        .find(({ type }) => type === "Microsoft.Compute/virtualMachines");
      return user ? { virtualMachine: { id: user.id } } : {};
    },
  },
};

function checkSinglePublicUse(cloud: Cloud, stored: Stored, address: string): void {
  if (address === "") return;
  const user = cloud.usersOf(address).find(({ id }) => id !== stored.id);
  if (!user) return;
  throw new Refusal(
    400,
    "PublicIPAddressInUse",
    `Resource ${stored.id} is referencing public IP address ${address} that is already allocated to resource ${user.id}.`,
  );
}
