import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { wantedMachines } from "#bootstrap/spec/machines";
import { owner, tenant } from "#test/lab/arm/arm";
import { azureCliProgram } from "#test/lab/azure-cli";
import { runProgram } from "#test/lab/run-program";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

/** Microsoft's own client on the same fake: what both agree on is more than our word. */
let world: AzureWorld;
let program: readonly [string, ...string[]];
beforeAll(async () => {
  program = await azureCliProgram();
  world = await startAzureWorld();
  const { endpoint } = world.arm;
  await az(
    ...["cloud", "register", "-n", "lab", "--endpoint-resource-manager", endpoint],
    ...["--endpoint-active-directory", endpoint, "--endpoint-management", endpoint],
    ...["--endpoint-active-directory-resource-id", endpoint],
    ...["--endpoint-active-directory-graph-resource-id", endpoint, "--skip-endpoint-discovery"],
  );
  await az("cloud", "set", "-n", "lab");
  const principal = ["-u", owner.client, "-p", owner.secret, "--tenant", tenant];
  await az("login", "--service-principal", ...principal);
}, 1_200_000);
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

/** What `az` says, as JSON. */
async function az(...words: readonly string[]): Promise<unknown> {
  const { stdout } = await runProgram([...program, ...words, "-o", "json"], {
    environment: {
      AZURE_CONFIG_DIR: join(world.home, "az"),
      AZURE_CORE_COLLECT_TELEMETRY: "false",
      AZURE_CORE_INSTANCE_DISCOVERY: "false",
      AZURE_CORE_LOGIN_EXPERIENCE_V2: "false",
      REQUESTS_CA_BUNDLE: world.arm.authority,
    },
  });
  return stdout.trim() === "" ? undefined : (JSON.parse(stdout) as unknown);
}

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
