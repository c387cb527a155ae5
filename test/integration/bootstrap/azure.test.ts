import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { publish } from "#test/lab/arm/arm";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";
import { writeKey } from "./cloud-run.ts";

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

describe("B1 machines", () => {
  test("B1 B2 are one control plane and three workers, and a second run changes nothing", async () => {
    const context = await world.context({ workers: 3 });
    await world.provider.preflight(context);
    const made = await world.ensure(context);
    expect(made.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "dev-master control-plane",
      ...["dev-node-1 worker", "dev-node-2 worker", "dev-node-3 worker"],
    ]);
    const before = world.everything();
    const calls = world.arm.calls.length;
    expect(await world.ensure(context)).toEqual(made);
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
    await world.ensure(context);
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
      await world.ensure(
        await world.context({ workers: 2, folder: context.folder, uid: context.uid! }),
      );
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
    const [plane] = await world.ensure(await world.context({ settings: { key }, workers: 0 }));
    expect(plane?.reach).toMatchObject({ keyFile: key });
    const keys = at(machine("dev-master"), "osProfile", "linuxConfiguration", "ssh", "publicKeys");
    expect(keys).toEqual([
      expect.objectContaining({ path: "/home/azureuser/.ssh/authorized_keys" }),
    ]);
    expect(JSON.stringify(world.arm.calls)).not.toContain("not a key");
  });

  test("B1 that are workers may be spot machines, control planes never", async () => {
    const settings = { spot: true, workerSize: "Standard_D4s_v5" };
    await world.ensure(await world.context({ workers: 1, settings }));
    expect(machine("dev-node-1")).toMatchObject({
      ...{ priority: "Spot", evictionPolicy: "Delete", billingProfile: { maxPrice: -1 } },
    });
    expect(machine("dev-master")).not.toHaveProperty("priority");
  });

  test("B1 are spread over zones, and over availability sets where there are none", async () => {
    const zonal = await world.context({ workers: 3 });
    await world.ensure(zonal);
    const zones = ["dev-node-1", "dev-node-2", "dev-node-3"].map(
      (name) => world.stored("virtualMachines", name)?.extra["zones"],
    );
    expect(zones).toEqual([["1"], ["2"], ["3"]]);
    world.reset();
    const other = { workerSize: "Standard_F4s_v2", zones: ["1"] };
    await world.ensure(await world.context({ workers: 2, settings: other }));
    expect(world.stored("virtualMachines", "dev-node-2")?.extra["zones"]).toEqual(["1"]);
    world.reset();
    const region = await world.context({ settings: { region: "northcentralus" } });
    await world.ensure(region);
    expect(at(machine("dev-node-1"), "availabilitySet", "id")).toMatch(/dev-worker-avset$/);
    expect(at(machine("dev-master"), "availabilitySet", "id")).toMatch(/dev-control-plane-avset$/);
  });

  test("B1 that are gone come back, and those that are removed take everything of theirs along", async () => {
    const context = await world.context({ workers: 2 });
    const made = await world.ensure(context);
    const before = world.everything();
    expect((await world.provider.remove(context, ["dev-node-1"])).left).toEqual([]);
    expect(world.everything().filter((one) => one.includes("dev-node-1"))).toEqual([]);
    expect((await world.provider.list(context)).map(({ name }) => name)).toEqual([
      ...["dev-master", "dev-node-2"],
    ]);
    expect((await world.ensure(context)).map(({ name }) => name)).toEqual(
      made.map(({ name }) => name),
    );
    expect(world.everything()).toEqual(before);
  });
});

describe("B3 tags", () => {
  test("B3 are on every thing, disks included", async () => {
    await world.ensure(await world.context({ planes: 3, workers: 1, settings: { private: true } }));
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
    await world.ensure(other);
    const own = await world.context({ workers: 1, settings });
    await world.ensure(own);
    expect(await world.provider.list(own)).toHaveLength(2);
    expect((await world.provider.remove(own, "all")).left).toEqual([]);
    expect(await world.provider.list(other)).toHaveLength(2);
    const foreign = await world.context({ name: "dev-master", workers: 1, settings });
    await expect(world.provider.preflight(foreign)).rejects.toMatchObject({ code: "exists" });
    expect((await world.provider.remove(foreign, "all")).left).toEqual([]);
    expect(await world.provider.list(other)).toHaveLength(2);
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
    await world.ensure(context);
    expect(JSON.parse((await early) ?? "")).toMatchObject({
      ...{ version: 1, region: "eastus", resourceGroup: "dev-rg" },
      intents: { "resource group": expect.any(Number) as number },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("B7 is not needed: a second operator finds everything by tag", async () => {
    const context = await world.context({ workers: 1 });
    await world.ensure(context);
    const elsewhere = await world.context({ workers: 1, uid: context.uid! });
    expect((await world.provider.list(elsewhere)).map(({ name }) => name)).toEqual([
      ...["dev-master", "dev-node-1"],
    ]);
    expect((await world.provider.remove(elsewhere, "all")).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  });
});
