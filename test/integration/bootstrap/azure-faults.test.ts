import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAzureProvider } from "#bootstrap/providers/azure/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { ArmCall, ArmFault } from "#test/lab/arm/arm";
import type { Stored } from "#test/lab/arm/cloud";
import { hastyPace, startAzureWorld, refuse, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

/** Something of somebody else's in a group. */
const plant = (type: string, name: string, group = "dev-rg"): void => {
  const id = `/subscriptions/${world.arm.cloud.subscription}/resourceGroups/${group}/providers/${type}/${name}`;
  const foreign: Stored = {
    ...{ id, name, type, etag: "", location: "eastus", tags: {}, extra: {}, properties: {} },
  };
  world.arm.cloud.things.set(id.toLowerCase(), foreign);
};

describe("weather", () => {
  test("B1 every third call throttled, every seventh lost and pages of two change nothing of the outcome", async () => {
    await world.ensure(await world.context({ workers: 2 }));
    const wanted = world.everything().filter((one) => !one.startsWith("role"));
    world.reset();
    world.arm.pageSize = 2;
    const inARow = new Map<string, number>();
    const weather = ({ number }: ArmCall): ArmFault | undefined => {
      if (number % 3 === 0) {
        return { kind: "error", status: 429, code: "TooManyRequests", retryAfter: 0 };
      }
      if (number % 7 === 1) return { kind: "answer-lost" };
      return number % 7 === 4 ? { kind: "error", status: 503, code: "ServerBusy" } : undefined;
    };
    world.arm.rule = (call) => {
      const key = `${call.method} ${call.path}`;
      const before = inARow.get(key) ?? 0;
      const fault = before < 4 ? weather(call) : undefined;
      inARow.set(key, fault === undefined ? 0 : before + 1);
      return fault;
    };
    const context = await world.context({ workers: 2 });
    await world.ensure(context);
    expect(world.everything().filter((one) => !one.startsWith("role"))).toEqual(wanted);
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  }, 120_000);

  test("B1 a throttle's own time is waited for, and one that never ends is told", async () => {
    const at: number[] = [];
    world.arm.rule = ({ path }) => {
      if (!path.endsWith("/skus")) return undefined;
      at.push(performance.now());
      if (at.length > 1) return undefined;
      return { kind: "error", status: 429, code: "TooManyRequests", retryAfter: 1 };
    };
    await world.provider.preflight(await world.context({}));
    const [first = 0, second = 0] = at;
    expect(second - first).toBeGreaterThanOrEqual(990);
    world.arm.rule = refuse("GET", /\/skus$/, "TooManyRequests", 429);
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "busy",
    });
  });

  test("B1 roles and identities that are known late are waited for", async () => {
    world.arm.settings.lateIdentities = 4;
    let times = 3;
    world.arm.rule = (call) => {
      if (!call.path.includes("virtualNetworks") || call.method !== "PUT") return undefined;
      times -= 1;
      return times >= 0 ? { kind: "error", status: 403, code: "AuthorizationFailed" } : undefined;
    };
    await world.ensure(await world.context({ workers: 0 }));
    expect(world.everything().some((one) => one.startsWith("roleAssignments"))).toBe(true);
  });

  test("B1 a subscription that never used a service has it registered", async () => {
    world.arm.settings.unregistered.add("Microsoft.ManagedIdentity");
    await world.ensure(await world.context({ workers: 0 }));
    expect(world.changes()[0]?.path).toMatch(/Microsoft\.ManagedIdentity\/register$/);
  });

  test("B1 what fails only after it was accepted is told with Azure's reason", async () => {
    world.arm.rule = (call) => {
      if (!call.path.endsWith("dev-node-1")) return undefined;
      return call.method === "PUT"
        ? { kind: "error", status: 409, code: "AllocationFailed" }
        : undefined;
    };
    await expect(world.ensure(await world.context({ workers: 1 }))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("dev-node-1") as string,
      hint: expect.stringContaining("another size") as string,
    });
    expect(world.everything()).toContain("virtualMachines dev-master");
  });

  test("B1 a machine that never answers over SSH is named, and the wait ends", async () => {
    const provider = createAzureProvider({
      ...{ clock: world.clock, pace: hastyPace },
      callerAddress: () => Promise.resolve("198.51.100.7"),
      answersSsh: () => Promise.resolve(false),
    });
    const context = await world.context({ workers: 0 });
    const [machine] = await provider.ensure(context, wantedMachines(context.spec));
    if (!machine) throw new Error("a machine is expected");
    await expect(provider.awaitMachine?.(context, machine)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("dev-master") as string,
      hint: expect.stringContaining("--allow-cidr") as string,
    });
  });
});

describe("delete", () => {
  test("B4 what others still hold is tried again, pass after pass", async () => {
    const context = await world.context({ workers: 1 });
    await world.ensure(context);
    const holding = new Map([
      ["dev-vnet", 3],
      ["dev-nsg", 4],
      ["dev-rg", 2],
    ]);
    world.arm.rule = ({ method, path }) => {
      const name = path.split("/").at(-1) ?? "";
      const left = holding.get(name) ?? 0;
      if (method !== "DELETE" || left === 0) return undefined;
      holding.set(name, left - 1);
      return { kind: "error", status: 400, code: "InUseSubnetCannotBeDeleted" };
    };
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  });

  test("B3 things of others in the cluster's group are named and never touched, nor is the group", async () => {
    const context = await world.context({ workers: 0 });
    await world.ensure(context);
    plant("Microsoft.Storage/storageAccounts", "theirs");
    plant("Microsoft.Network/publicIPAddresses", "their-address");
    const { left } = await world.provider.remove(context, "all");
    expect(left).toEqual([
      expect.stringMatching(/theirs \(not made by us\)/),
      expect.stringMatching(/their-address \(not made by us\)/),
      "resource group dev-rg",
    ]);
    expect(world.everything()).toEqual([
      ...["group dev-rg", "publicIPAddresses their-address", "storageAccounts theirs"],
    ]);
  });

  test("B3 a group of the user's stays, with what was in it and its tags", async () => {
    const path = `/subscriptions/${world.arm.cloud.subscription}/resourceGroups/ours`;
    const group: Stored = {
      ...{ id: path, name: "ours", type: "", etag: "", location: "westeurope", extra: {} },
      tags: { team: "a" },
      properties: {},
    };
    world.arm.cloud.things.set(path.toLowerCase(), group);
    plant("Microsoft.Network/virtualNetworks", "theirs", "ours");
    const context = await world.context({ workers: 0, settings: { resourceGroup: "ours" } });
    await world.provider.preflight(context);
    await world.ensure(context);
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(world.everything()).toEqual(["group ours", "virtualNetworks theirs"]);
    expect(world.arm.cloud.find(path)?.tags).toEqual({ team: "a" });
  });

  test("B3 what cannot be deleted ends the delete, named with the reason", async () => {
    const context = await world.context({ workers: 0 });
    await world.ensure(context);
    world.arm.rule = refuse("DELETE", /virtualNetworks/, "ScopeLocked", 409);
    const { left } = await world.provider.remove(context, "all");
    expect(left).toContainEqual(expect.stringMatching(/^virtual network dev-vnet \(.*ScopeLocked/));
    expect(left.at(-1)).toBe("resource group dev-rg");
  });
});

test("a token never leaves for another server that an answer names", async () => {
  const context = await world.context({ workers: 0 });
  await world.ensure(context);
  world.arm.nextPageAt = "https://example.invalid";
  world.arm.pageSize = 1;
  await expect(world.provider.list(context)).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("example.invalid") as string,
  });
});
