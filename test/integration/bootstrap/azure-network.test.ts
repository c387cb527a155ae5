import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Properties } from "#test/lab/arm/cloud";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const at = (from: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], from);
const machine = (name: string) => world.stored("virtualMachines", name)?.properties;

describe("B4 the network", () => {
  test("B4 has the original's names and ranges, forwards, and has an explicit way out", async () => {
    await world.ensure(await world.context({ workers: 1 }));
    expect(world.everything()).toEqual([
      ...[
        "applicationSecurityGroups dev-control-plane-asg",
        "applicationSecurityGroups dev-nodes-asg",
      ],
      ...["disks dev-master-disk", "disks dev-node-1-disk", "group dev-rg"],
      ...["loadBalancers dev-internal-lb", "loadBalancers dev-lb"],
      ...["networkInterfaces dev-master-nic", "networkInterfaces dev-node-1-nic"],
      "networkSecurityGroups dev-nsg",
      ...["publicIPAddresses dev-api-ip", "publicIPAddresses dev-master-ip"],
      "publicIPAddresses dev-node-1-ip",
      expect.stringMatching(/^roleAssignments [0-9a-f-]{36}$/),
      "userAssignedIdentities dev-identity",
      ...["virtualMachines dev-master", "virtualMachines dev-node-1", "virtualNetworks dev-vnet"],
    ]);
    const vnet = world.stored("virtualNetworks", "dev-vnet")?.properties;
    expect(at(vnet, "addressSpace", "addressPrefixes")).toEqual(["10.0.0.0/16"]);
    expect(at(vnet, "subnets", 0)).toMatchObject({
      name: "dev-subnet",
      properties: { addressPrefix: "10.0.0.0/24", defaultOutboundAccess: false },
    });
    const nic = world.stored("networkInterfaces", "dev-node-1-nic")?.properties;
    expect(nic).toMatchObject({ enableIPForwarding: true });
    const address = world.stored("publicIPAddresses", "dev-node-1-ip");
    expect(address?.extra["sku"]).toMatchObject({ name: "Standard" });
    expect(address?.properties).toMatchObject({ publicIPAllocationMethod: "Static" });
  });

  test("B4 with private machines has a NAT gateway, and an internal load balancer that each control plane is itself", async () => {
    const context = await world.context({ planes: 3, workers: 1, settings: { private: true } });
    const made = await world.ensure(context);
    expect(made.every(({ publicAddress }) => publicAddress === undefined)).toBe(true);
    expect(world.everything().filter((one) => one.startsWith("publicIP"))).toEqual([
      "publicIPAddresses dev-nat-ip",
    ]);
    const vnet = world.stored("virtualNetworks", "dev-vnet")?.properties;
    expect(at(vnet, "subnets", 0, "properties", "natGateway", "id")).toMatch(/dev-nat$/);
    const balancer = await world.provider.apiAddress?.(context);
    expect(balancer).toEqual({
      loadBalancer: expect.stringMatching(/^10\.0\.0\.\d+:6443$/) as string,
    });
    const data = String(at(machine("dev-master-2"), "osProfile", "customData"));
    const [host = ""] = (balancer as { loadBalancer: string }).loadBalancer.split(":");
    expect(Buffer.from(data, "base64").toString()).toContain(`address replace ${host}/32 dev lo`);
    expect(machine("dev-node-1")).not.toHaveProperty("osProfile.customData");
  });

  test("B4 behind a jump host are reached through it alone, with the cluster's key", async () => {
    const settings = { private: true, jumpHost: "ops@203.0.113.9:2222" };
    const made = await world.ensure(await world.context({ workers: 1, settings }));
    for (const { reach, privateAddress } of made) {
      expect(reach).toMatchObject({
        ...{ host: privateAddress, user: "azureuser" },
        jump: { host: "203.0.113.9", port: 2222, user: "ops" },
      });
    }
  });

  test("B4 has load balancers with a probe as the endpoint, control planes in their pools", async () => {
    const context = await world.context({ planes: 3, workers: 1 });
    expect(await world.provider.apiAddress?.(context)).toBeUndefined();
    await world.ensure(context);
    expect(await world.provider.apiAddress?.(context)).toEqual({
      loadBalancer: expect.stringMatching(/^10\.0\.0\.\d+:6443$/) as string,
      forCallers: expect.stringMatching(/^20\.0\.\d+\.\d+:6443$/) as string,
    });
    const balancer = world.stored("loadBalancers", "dev-lb");
    expect(at(balancer?.properties, "probes", 0, "properties")).toMatchObject({
      ...{ protocol: "Https", port: 6443, requestPath: "/readyz" },
    });
    const pools = (name: string) =>
      at(
        world.stored("networkInterfaces", name)?.properties,
        ...["ipConfigurations", 0, "properties", "loadBalancerBackendAddressPools"],
      ) as Properties[] | undefined;
    expect(pools("dev-master-3-nic")).toHaveLength(2);
    expect(pools("dev-node-1-nic")).toBeUndefined();
  });

  test("B4 gives control planes alone the identity, Contributor in the cluster's own group", async () => {
    await world.ensure(await world.context({ workers: 1 }));
    const identities = at(
      world.stored("virtualMachines", "dev-master")?.extra["identity"],
      "userAssignedIdentities",
    );
    expect(Object.keys(identities as object)).toEqual([expect.stringMatching(/dev-identity$/)]);
    expect(world.stored("virtualMachines", "dev-node-1")?.extra).not.toHaveProperty("identity");
    const role = [...world.arm.cloud.things.values()].find(({ type }) =>
      type.endsWith("roleAssignments"),
    );
    expect(role?.properties["scope"]).toMatch(/resourceGroups\/dev-rg$/);
    expect(role?.properties["principalType"]).toBe("ServicePrincipal");
  });
});

describe("B5 the rules", () => {
  const rules = () =>
    (world.stored("networkSecurityGroups", "dev-nsg")?.properties["securityRules"] as Properties[])
      .map((one) => {
        const rule = one["properties"] as Properties;
        const groups = rule["sourceApplicationSecurityGroups"] as { id: string }[] | undefined;
        const from =
          groups?.map(({ id }) => id.split("/").at(-1)).join() ??
          (rule["sourceAddressPrefixes"] as string[] | undefined)?.join() ??
          String(rule["sourceAddressPrefix"]);
        const ports = rule["destinationPortRanges"] ?? rule["destinationPortRange"];
        return `${String(rule["priority"])} ${String(one["name"])} ${String(rule["access"])} ${String(rule["protocol"])} ${String(ports)} ${from}`;
      })
      .sort();

  test("B5 have the original's names and priorities and let in the caller and the cluster only", async () => {
    await world.ensure(await world.context({ workers: 0, settings: { ingress: true } }));
    expect(rules()).toEqual([
      "1000 AllowSSH Allow Tcp 22 198.51.100.7/32",
      "1100 AllowK8sAPI Allow Tcp 6443 198.51.100.7/32",
      "1110 AllowK8sAPIFromNodes Allow Tcp 6443 dev-nodes-asg",
      "1200 AllowKubelet Allow Tcp 10250 dev-nodes-asg",
      "1210 AllowEtcd Allow Tcp 2379-2380 dev-control-plane-asg",
      "1220 AllowControllers Allow Tcp 10257,10259 dev-control-plane-asg",
      "1230 AllowFlannel Allow Udp 8472 dev-nodes-asg",
      "1240 AllowPing Allow Icmp * dev-nodes-asg",
      "1300 NodePorts Allow Tcp 30000-32767 198.51.100.7/32",
      "1400 HTTP Allow Tcp 80 198.51.100.7/32",
      "1500 HTTPS Allow Tcp 443 198.51.100.7/32",
      "4000 AllowLoadBalancer Allow * * AzureLoadBalancer",
      "4010 DenyOtherMachines Deny * * VirtualNetwork",
    ]);
  });

  test("B5 follow when the caller moves, and leave rules of others alone", async () => {
    const context = await world.context({ workers: 0, settings: { ingress: true } });
    await world.ensure(context);
    const group = world.stored("networkSecurityGroups", "dev-nsg");
    (group?.properties["securityRules"] as Properties[]).push({
      name: "by-hand",
      properties: {
        ...{ access: "Allow", direction: "Inbound", protocol: "Tcp", priority: 500 },
        ...{ sourceAddressPrefix: "192.0.2.0/24", destinationPortRange: "9100" },
      },
    });
    const settings = { allowCIDRs: ["198.51.100.0/24"] };
    await world.ensure(
      await world.context({ workers: 0, folder: context.folder, uid: context.uid!, settings }),
    );
    expect(rules()).toContain("500 by-hand Allow Tcp 9100 192.0.2.0/24");
    expect(rules()).toContain("1000 AllowSSH Allow Tcp 22 198.51.100.0/24");
    expect(rules().join()).not.toMatch(/198\.51\.100\.7|HTTPS|NodePorts/);
  });

  test("B5 of private machines let in their own network and what is allowed, the caller never", async () => {
    const settings = { private: true, allowCIDRs: ["192.168.7.0/24"] };
    await world.ensure(await world.context({ workers: 1, settings }));
    const fromPeople = rules().filter((one) => /^\d+ (AllowSSH|AllowK8sAPI) /.test(one));
    expect(fromPeople).toEqual([
      "1000 AllowSSH Allow Tcp 22 192.168.7.0/24,10.0.0.0/16",
      "1100 AllowK8sAPI Allow Tcp 6443 192.168.7.0/24,10.0.0.0/16",
    ]);
    expect(rules().join()).not.toContain("198.51.100.7");
  });

  test("B5 never lock the caller out", async () => {
    const context = await world.context({ settings: { allowCIDRs: ["203.0.113.0/24"] } });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("198.51.100.7") as string,
    });
  });
});
