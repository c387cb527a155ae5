import { afterAll, beforeAll, expect, test } from "vitest";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { Stored } from "#test/lab/arm/cloud";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
afterAll(() => world.close());

/** Something of somebody else's, at a path of the subscription. */
const plant = (path: string, type: string): string => {
  const id = `/subscriptions/${world.arm.cloud.subscription}/resourceGroups/ours${path}`;
  const name = id.split("/").at(-1) ?? "";
  const foreign: Stored = {
    ...{ id, name, type, etag: "", location: "eastus", tags: {}, extra: {}, properties: {} },
  };
  world.arm.cloud.things.set(id.toLowerCase(), foreign);
  return id;
};

test("H6 with --delete-rg a group of the user's goes along, but never with what others have in it", async () => {
  plant("", "");
  const type = "Microsoft.Storage/storageAccounts";
  const theirs = plant(`/providers/${type}/theirs`, type);
  const context = await world.context({ workers: 0, settings: { resourceGroup: "ours" } });
  await world.provider.ensure(context, wantedMachines(context.spec));
  const deleting = { ...context, deleteGroup: true };
  const { left } = await world.provider.remove(deleting, "all");
  expect(left).toHaveLength(2);
  expect(left[0]).toMatch(/theirs \(not made by us\)/);
  expect(left[1]).toBe("resource group ours");
  expect(world.everything()).toEqual(["group ours", "storageAccounts theirs"]);
  world.arm.cloud.things.delete(theirs.toLowerCase());
  expect((await world.provider.remove(deleting, "all")).left).toEqual([]);
  expect(world.everything()).toEqual([]);
});
