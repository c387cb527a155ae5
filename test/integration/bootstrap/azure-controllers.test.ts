import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { azureConfig } from "#bootstrap/clouds/azure-config";
import type { AzureFacts } from "#bootstrap/clouds/cloud-facts";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { armEnvironment, contributor } from "#test/lab/arm/arm";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

/** What Azure's controllers in a cluster are told of what was made. */

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

async function factsOf(context: ProviderContext): Promise<AzureFacts> {
  const facts = await world.provider.cloudFacts?.(context);
  if (facts?.cloud !== "azure") throw new Error("facts of azure are expected");
  return facts;
}

test("F2 F4 are identity, network and firewall of the cluster, and its tags for what they make", async () => {
  const context = await world.context({ workers: 0 });
  await world.provider.ensure(context, wantedMachines(context.spec));
  const facts = await factsOf(context);
  const identity = world.stored("userAssignedIdentities", "dev-identity");
  expect(facts).toMatchObject({
    ...{ environment: "AzurePublicCloud", resourceGroup: "dev-rg", region: "eastus" },
    network: { group: "dev-rg", name: "dev-vnet", subnet: "dev-subnet" },
    ...{ firewall: "dev-nsg", identity: identity?.id },
    tags: { "clouder-cluster": "dev", "clouder-uid": context.uid },
  });
  expect(facts.tenant).not.toBe("");
  expect(facts.missingRole).toBeUndefined();
  // The machine that the controllers run on has that identity, and no worker has.
  expect(JSON.stringify(world.stored("virtualMachines", "dev-master"))).toContain("dev-identity");
  expect(azureConfig(facts)).not.toMatch(/secret/i);
});

test("F4 tell a Contributor which role is missing and how it is given; an owner gives it at once", async () => {
  const context = await world.context({
    workers: 0,
    environment: armEnvironment(world.arm, contributor),
  });
  await world.provider.ensure(context, wantedMachines(context.spec));
  expect((await factsOf(context)).missingRole).toMatch(
    /^az role assignment create --assignee-object-id .+ --role Contributor --scope .+\/dev-rg$/,
  );
  const asOwner = {
    ...context,
    environment: { ...context.environment, ...armEnvironment(world.arm) },
  };
  expect((await factsOf(asOwner)).missingRole).toBeUndefined();
  const assignments = world.everything().filter((one) => one.startsWith("roleAssignments"));
  expect(assignments).toHaveLength(1);
});

test("F4 cannot be told where nothing was made", async () => {
  const context = await world.context({ name: "other" });
  await expect(factsOf(context)).rejects.toMatchObject({ code: "not-found" });
});
