import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { publish } from "#test/lab/arm/arm";
import type { Properties } from "#test/lab/arm/cloud";
import { startAzureWorld, writeKey, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const ensure = (context: ProviderContext) =>
  world.provider.ensure(context, wantedMachines(context.spec));
const at = (from: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], from);
const machine = (name: string) => world.stored("virtualMachines", name)?.properties;

describe("B1 machines", () => {
  test("B1 B2 are one control plane and three workers, and a second run changes nothing", async () => {
    const context = await world.context({ workers: 3 });
    await world.provider.preflight(context);
    const made = await ensure(context);
    expect(made.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "dev-master control-plane",
      ...["dev-node-1 worker", "dev-node-2 worker", "dev-node-3 worker"],
    ]);
    const before = world.everything();
    const calls = world.arm.calls.length;
    expect(await ensure(context)).toEqual(made);
    expect(world.everything()).toEqual(before);
    const again = world.arm.calls.slice(calls);
    expect(again.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(await world.provider.list(context)).toEqual(made);
    const [plane] = made;
    expect(plane?.reach).toMatchObject({ user: "azureuser", host: plane?.publicAddress });
    expect(plane?.providerID).toMatch(
      /^azure:\/\/\/subscriptions\/.+\/virtualMachines\/dev-master$/,
    );
  });

  test("B1 are of the original's size, image and user, with the image's version recorded and used again", async () => {
    const context = await world.context({ workers: 1, settings: { osDiskSize: 64 } });
    await ensure(context);
    const first = machine("dev-master");
    expect(first).toMatchObject({
      hardwareProfile: { vmSize: "Standard_B4ms" },
      securityProfile: { securityType: "TrustedLaunch" },
      osProfile: { adminUsername: "azureuser", computerName: "dev-master" },
    });
    expect(at(first, "storageProfile", "imageReference")).toEqual({
      ...{ publisher: "Canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts-gen2" },
      version: "22.04.202606090",
    });
    expect(at(first, "storageProfile", "osDisk")).toMatchObject({
      ...{ name: "dev-master-disk", diskSizeGB: 64, deleteOption: "Delete" },
    });
    expect(at(first, "osProfile", "linuxConfiguration", "disablePasswordAuthentication")).toBe(
      true,
    );
    const restore = publish("0001-com-ubuntu-server-jammy", "22.04.202611110");
    try {
      await ensure(await world.context({ workers: 2, folder: context.folder, uid: context.uid! }));
    } finally {
      restore();
    }
    expect(at(machine("dev-node-2"), "storageProfile", "imageReference", "version")).toBe(
      "22.04.202606090",
    );
  });

  test("B1 let in the user's own key, whose private half stays here", async () => {
    const folder = await world.context({});
    const key = await writeKey(folder.folder);
    const [plane] = await ensure(await world.context({ settings: { key }, workers: 0 }));
    expect(plane?.reach).toMatchObject({ keyFile: key });
    const keys = at(machine("dev-master"), "osProfile", "linuxConfiguration", "ssh", "publicKeys");
    expect(keys).toEqual([
      expect.objectContaining({ path: "/home/azureuser/.ssh/authorized_keys" }),
    ]);
    expect(JSON.stringify(world.arm.calls)).not.toContain("not a key");
  });

  test("B1 that are workers may be spot machines, control planes never", async () => {
    const settings = { spot: true, workerSize: "Standard_D4s_v5" };
    await ensure(await world.context({ workers: 1, settings }));
    expect(machine("dev-node-1")).toMatchObject({
      ...{ priority: "Spot", evictionPolicy: "Delete", billingProfile: { maxPrice: -1 } },
    });
    expect(machine("dev-master")).not.toHaveProperty("priority");
  });

  test("B1 are spread over zones, and over availability sets where there are none", async () => {
    const zonal = await world.context({ workers: 3 });
    await ensure(zonal);
    const zones = ["dev-node-1", "dev-node-2", "dev-node-3"].map(
      (name) => world.stored("virtualMachines", name)?.extra["zones"],
    );
    expect(zones).toEqual([["1"], ["2"], ["3"]]);
    world.reset();
    const other = { workerSize: "Standard_F4s_v2", zones: ["1"] };
    await ensure(await world.context({ workers: 2, settings: other }));
    expect(world.stored("virtualMachines", "dev-node-2")?.extra["zones"]).toEqual(["1"]);
    world.reset();
    const region = await world.context({ settings: { region: "northcentralus" } });
    await ensure(region);
    expect(at(machine("dev-node-1"), "availabilitySet", "id")).toMatch(/dev-worker-avset$/);
    expect(at(machine("dev-master"), "availabilitySet", "id")).toMatch(/dev-control-plane-avset$/);
  });

  test("B1 that are gone come back, and those that are removed take everything of theirs along", async () => {
    const context = await world.context({ workers: 2 });
    const made = await ensure(context);
    const before = world.everything();
    expect((await world.provider.remove(context, ["dev-node-1"])).left).toEqual([]);
    expect(world.everything().filter((one) => one.includes("dev-node-1"))).toEqual([]);
    expect((await world.provider.list(context)).map(({ name }) => name)).toEqual([
      ...["dev-master", "dev-node-2"],
    ]);
    expect((await ensure(context)).map(({ name }) => name)).toEqual(made.map(({ name }) => name));
    expect(world.everything()).toEqual(before);
  });
});

describe("B3 tags", () => {
  test("B3 are on every thing, disks included", async () => {
    await ensure(await world.context({ planes: 3, workers: 1, settings: { private: true } }));
    const things = [...world.arm.cloud.things.values()];
    expect(things.length).toBeGreaterThan(18);
    for (const { type, name, tags } of things) {
      // Role assignments have no tags in Azure.
      if (type.endsWith("roleAssignments")) continue;
      expect(tags, `${type} ${name}`).toMatchObject({
        "clouder-cluster": "dev",
        "clouder-role": expect.stringMatching(/^(control-plane|worker|network|group)$/) as string,
      });
    }
    expect(world.stored("virtualMachines", "dev-node-1")?.tags?.["clouder-role"]).toBe("worker");
  });

  test("B3 tell clusters apart in one group: dev never takes what is dev-master's, nor a foreign dev's", async () => {
    const settings = { resourceGroup: "ours" };
    const other = await world.context({ name: "dev-master", workers: 1, settings });
    await ensure(other);
    const own = await world.context({ workers: 1, settings });
    await ensure(own);
    expect(await world.provider.list(own)).toHaveLength(2);
    expect((await world.provider.remove(own, "all")).left).toEqual([]);
    expect(await world.provider.list(other)).toHaveLength(2);
    const foreign = await world.context({ name: "dev-master", workers: 1, settings });
    await expect(world.provider.preflight(foreign)).rejects.toMatchObject({ code: "exists" });
    expect((await world.provider.remove(foreign, "all")).left).toEqual([]);
    expect(await world.provider.list(other)).toHaveLength(2);
  });
});

describe("B4 the network", () => {
  test("B4 has the original's names and ranges, forwards, and has an explicit way out", async () => {
    await ensure(await world.context({ workers: 1 }));
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
    const made = await ensure(context);
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
    const made = await ensure(await world.context({ workers: 1, settings }));
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
    await ensure(context);
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
    await ensure(await world.context({ workers: 1 }));
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
    await ensure(await world.context({ workers: 0, settings: { ingress: true } }));
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
    await ensure(context);
    const group = world.stored("networkSecurityGroups", "dev-nsg");
    (group?.properties["securityRules"] as Properties[]).push({
      name: "by-hand",
      properties: {
        ...{ access: "Allow", direction: "Inbound", protocol: "Tcp", priority: 500 },
        ...{ sourceAddressPrefix: "192.0.2.0/24", destinationPortRange: "9100" },
      },
    });
    const settings = { allowCIDRs: ["198.51.100.0/24"] };
    await ensure(
      await world.context({ workers: 0, folder: context.folder, uid: context.uid!, settings }),
    );
    expect(rules()).toContain("500 by-hand Allow Tcp 9100 192.0.2.0/24");
    expect(rules()).toContain("1000 AllowSSH Allow Tcp 22 198.51.100.0/24");
    expect(rules().join()).not.toMatch(/198\.51\.100\.7|HTTPS|NodePorts/);
  });

  test("B5 of private machines let in their own network and what is allowed, the caller never", async () => {
    const settings = { private: true, allowCIDRs: ["192.168.7.0/24"] };
    await ensure(await world.context({ workers: 1, settings }));
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

describe("B7 the record", () => {
  test("B7 is written before the first create, readable for its owner only", async () => {
    const context = await world.context({ workers: 0 });
    const path = join(context.folder, "azure.json");
    let early: Promise<string> | undefined;
    world.arm.rule = ({ method }) => {
      if (method === "PUT") early ??= readFile(path, "utf8");
      return undefined;
    };
    await ensure(context);
    expect(JSON.parse((await early) ?? "")).toMatchObject({
      ...{ version: 1, region: "eastus", resourceGroup: "dev-rg" },
      intents: { "resource group": expect.any(Number) as number },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("B7 is not needed: a second operator finds everything by tag", async () => {
    const context = await world.context({ workers: 1 });
    await ensure(context);
    const elsewhere = await world.context({ workers: 1, uid: context.uid! });
    expect((await world.provider.list(elsewhere)).map(({ name }) => name)).toEqual([
      ...["dev-master", "dev-node-1"],
    ]);
    expect((await world.provider.remove(elsewhere, "all")).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  });
});
