import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { armEnvironment, contributor } from "#test/lab/arm/arm";
import { startAzureWorld, refuse, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

describe("B6 what can be known is told before the first create:", () => {
  test.each<[string, Record<string, unknown>, string, RegExp, RegExp]>([
    [
      "a size that Azure retired, with live ones",
      { workerSize: "Standard_NC6s_v3" },
      ...(["refused", /2025-09-30/, /Standard_NC4as_T4_v3/] as const),
    ],
    [
      "a size that does not exist",
      { workerSize: "Standard_D4s_v99" },
      ...(["config", /Standard_D4s_v99/, /Standard_B4ms|Standard_D4s_v5/] as const),
    ],
    [
      "a size that this subscription may not have",
      { workerSize: "Standard_E4s_v5" },
      ...(["refused", /may not have Standard_E4s_v5/, /Quotas/] as const),
    ],
    [
      "a size of generation 1",
      { workerSize: "Standard_D2" },
      ...(["refused", /generation 2/, /Standard_/] as const),
    ],
    [
      "a zone that does not offer the size",
      { workerSize: "Standard_F4s_v2", zones: ["2"] },
      ...(["config", /zone 2/, /zones that do: 1/] as const),
    ],
    [
      "spot machines of a size that has none",
      { spot: true },
      ...(["refused", /no spot machines/, /--worker-size/] as const),
    ],
    [
      "an overlap with the pods",
      { vnetCIDR: "10.244.0.0/16" },
      ...(["config", /pod network/, /--vnet-cidr/] as const),
    ],
    [
      "a subnet too small",
      { subnetCIDR: "10.0.0.0/29" },
      ...(["config", /room for 2/, /larger/] as const),
    ],
    [
      "a subnet that is not there",
      {
        subnet:
          "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/x",
      },
      ...(["not-found", /subnets\/x/, /az network vnet subnet list/] as const),
    ],
    [
      "a region without the image",
      { image: "Ubuntu2604" },
      ...(["not-found", /Ubuntu 26\.04/, /Ubuntu2204/] as const),
    ],
    [
      "a key without its public half",
      { key: "/nowhere/key" },
      ...(["config", /key\.pub/, /ssh-keygen -y/] as const),
    ],
  ])("B6 %s", async (_what, settings, code, message, hint) => {
    const context = await world.context({ workers: 4, settings });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(world.changes()).toEqual([]);
  });

  test.each([
    ["standardBSFamily", 11],
    ["cores", 15],
    ["virtualMachines", 3],
    ["PublicIPAddresses", 3],
  ] as const)("B6 a quota that does not suffice: %s", async (quota, limit) => {
    world.arm.settings.quotas[quota] = [limit, 0];
    await expect(
      world.provider.preflight(await world.context({ workers: 3 })),
    ).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(quota) as string,
      details: expect.objectContaining({ limit, quota }) as object,
    });
    expect(world.changes()).toEqual([]);
  });

  test("B6 a burstable size of a control plane is warned of", async () => {
    await world.provider.preflight(await world.context({}));
    const warnings = world.events.filter((one) => one.type === "note" && one.level === "warn");
    expect(JSON.stringify(warnings)).toMatch(/Standard_B4ms.*etcd suffers/);
  });

  test("B6 a resource group of that name that is somebody else's is left alone", async () => {
    const context = await world.context({});
    await world.ensure(await world.context({ workers: 0 }));
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code: "exists",
      hint: expect.stringContaining("--resource-group") as string,
    });
  });
});

describe("A5 a Contributor, who may not give roles,", () => {
  test("A5 makes the cluster all the same, and is told the command for the role", async () => {
    const environment = armEnvironment(world.arm, contributor);
    const context = await world.context({ workers: 0, environment });
    await world.provider.preflight(context);
    expect(await world.ensure(context)).toHaveLength(1);
    const [warning] = world.events
      .filter((one) => one.type === "note" && one.level === "warn")
      .slice(-1);
    expect(JSON.stringify(warning)).toMatch(
      /az role assignment create .*--role Contributor --scope/,
    );
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  });
});

describe("A8 errors tell the cure", () => {
  test("A8 AuthorizationFailed: role assignments", async () => {
    world.arm.rule = refuse("PUT", /resourceGroups/, "AuthorizationFailed", 403);
    await expect(world.ensure(await world.context({}))).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("AuthorizationFailed") as string,
      hint: expect.stringContaining("role assignments") as string,
    });
  });

  test("A8 SubscriptionNotFound: id correct and active", async () => {
    const settings = { subscription: "99999999-9999-4999-8999-999999999999" };
    await expect(world.provider.preflight(await world.context({ settings }))).rejects.toMatchObject(
      {
        code: "not-found",
        message: expect.stringContaining("SubscriptionNotFound") as string,
        hint: expect.stringMatching(/id is correct.*active/) as string,
      },
    );
  });

  test("A4 A8 a disabled subscription is refused before the first create", async () => {
    world.arm.settings.state = "Disabled";
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("disabled") as string,
    });
    expect(world.changes()).toEqual([]);
  });

  test("A8 a wrong secret is told without it", async () => {
    const environment = { AZURE_CLIENT_SECRET: "wrong-and-secret" };
    const failure = world.provider.preflight(await world.context({ environment }));
    await expect(failure).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("AADSTS7000215") as string,
      hint: expect.stringContaining("client secret") as string,
    });
    await expect(failure).rejects.not.toThrow(/wrong-and-secret/);
  });

  test("B1 a region is never taken silently", async () => {
    await expect(
      world.provider.preflight(await world.context({ settings: { region: undefined } })),
    ).rejects.toMatchObject({
      code: "config",
      hint: expect.stringContaining("--region") as string,
    });
  });
});
