import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { wantedMachines } from "#bootstrap/spec/machines";
import { openAzureCli, type AzureCli } from "#test/lab/azure-cli";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

/** Microsoft's own client on the same fake: what both agree on is more than our word. */
let world: AzureWorld;
let az: AzureCli;
beforeAll(async () => {
  world = await startAzureWorld();
  az = await openAzureCli(world.arm, world.home);
}, 1_200_000);
beforeEach(() => {
  world.reset();
});
afterAll(async () => {
  await az[Symbol.asyncDispose]();
  await world.close();
});

test("B2 B3 B4 az lists and shows what was made, by the original's names and tags", async () => {
  const context = await world.context({ workers: 1 });
  await world.provider.ensure(context, wantedMachines(context.spec));
  expect(await az("group", "list", "--tag", "clouder-cluster=dev", "--query", "[].name")).toEqual([
    "dev-rg",
  ]);
  const tagged = "[?tags.\"clouder-cluster\"=='dev'].name";
  expect(await az("vm", "list", "-g", "dev-rg", "--query", tagged)).toEqual([
    ...["dev-master", "dev-node-1"],
  ]);
  expect(await az("vm", "show", "-g", "dev-rg", "-n", "dev-node-1")).toMatchObject({
    hardwareProfile: { vmSize: "Standard_B4ms" },
    tags: { "clouder-role": "worker" },
  });
  expect(await az("network", "vnet", "show", "-g", "dev-rg", "-n", "dev-vnet")).toMatchObject({
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
    subnets: [{ name: "dev-subnet", addressPrefix: "10.0.0.0/24", defaultOutboundAccess: false }],
  });
  const rules = ["network", "nsg", "rule", "list", "-g", "dev-rg", "--nsg-name", "dev-nsg"];
  expect(await az(...rules, "--query", "[?name=='AllowSSH'].sourceAddressPrefixes[]")).toEqual([
    "198.51.100.7/32",
  ]);
  expect(await az("network", "nic", "show", "-g", "dev-rg", "-n", "dev-master-nic")).toMatchObject({
    enableIPForwarding: true,
  });
  expect((await world.provider.remove(context, "all")).left).toEqual([]);
  expect(await az("group", "list", "--query", "[].name")).toEqual([]);
}, 300_000);

test("B4 the group, network and subnet that az made are taken, and stay as they were", async () => {
  await az("group", "create", "-n", "ours", "-l", "eastus", "--tags", "team=a");
  const vnet = ["network", "vnet", "create", "-g", "ours", "-n", "theirs", "-l", "eastus"];
  const subnet = ["--subnet-name", "inner", "--subnet-prefixes", "10.50.0.0/24"];
  await az(...vnet, "--address-prefixes", "10.50.0.0/16", ...subnet);
  const show = ["network", "vnet", "subnet", "show", "-g", "ours", "--vnet-name", "theirs"];
  const id = await az(...show, "-n", "inner", "--query", "id");
  const settings = { resourceGroup: "ours", subnet: id };
  const context = await world.context({ workers: 1, settings });
  await world.provider.preflight(context);
  const made = await world.provider.ensure(context, wantedMachines(context.spec));
  expect(made.map(({ privateAddress }) => privateAddress)).toEqual([
    expect.stringMatching(/^10\.50\.0\.\d+$/),
    expect.stringMatching(/^10\.50\.0\.\d+$/),
  ]);
  expect((await world.provider.remove(context, "all")).left).toEqual([]);
  expect(await az("resource", "list", "-g", "ours", "--query", "[].name")).toEqual(["theirs"]);
  expect(await az("group", "show", "-n", "ours", "--query", "tags")).toEqual({ team: "a" });
}, 300_000);

test("az switches a machine off and on, and tells its power", async () => {
  const context = await world.context({ workers: 0 });
  await world.provider.ensure(context, wantedMachines(context.spec));
  const vm = ["-g", "dev-rg", "-n", "dev-master"];
  const power = () =>
    az("vm", "get-instance-view", ...vm, "--query", "instanceView.statuses[1].code");
  expect(await power()).toBe("PowerState/running");
  await az("vm", "stop", ...vm);
  expect(await power()).toBe("PowerState/stopped");
  await az("vm", "deallocate", ...vm);
  expect(await power()).toBe("PowerState/deallocated");
  await az("vm", "start", ...vm);
  expect(await power()).toBe("PowerState/running");
}, 300_000);
