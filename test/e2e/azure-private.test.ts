import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answersSsh } from "#bootstrap/nodes/ssh-banner";
import { hostState } from "#test/e2e/host-state";
import { callersOf, pinnedHosts, type JumpHost } from "#test/e2e/jump-host";
import { eventually, lab } from "#test/e2e/scenario";
import { openArmClient } from "#test/lab/arm-client";
import { subscription } from "#test/lab/arm/arm";
import { startAzureCloud, type AzureCloud } from "#test/lab/azure-cloud";
import { outputOf, runProgram } from "#test/lab/run-program";

/** Machines without public addresses in a group and a subnet of the user's, behind a jump host of the user's. */

const cluster = lab();
const name = "cove";
const folder = join(cluster.home, ".clouder", "kubeadm", name);
const keyFile = join(cluster.home, "azure-private-key");
const knownToUs = join(cluster.home, "azure-private-known");
let hostBefore: string;
let cloud: AzureCloud;
let subnet: string;
let jump: JumpHost;
/** All that was there before the cluster, to the last property. */
let before: string;

beforeAll(async () => {
  hostBefore = await hostState();
  cloud = await startAzureCloud(cluster, "azure");
  // The home may be one that was kept from an earlier run.
  for (const file of [keyFile, `${keyFile}.pub`, knownToUs]) await rm(file, { force: true });
  await outputOf(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  await makeOwnThings();
  before = books();
});
afterAll(async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true });
  await cloud[Symbol.asyncDispose]();
  expect(await hostState()).toBe(hostBefore);
});

const books = (): string => JSON.stringify([...cloud.arm.cloud.things.values()]);

/** A network with a way out, and a jump host in it. */
async function makeOwnThings(): Promise<void> {
  const { put } = await openArmClient(cloud.arm);
  const group = `/subscriptions/${subscription}/resourceGroups/team`;
  const location = "eastus";
  await put(group, { location });
  const make = (path: string, properties: object, more: object = {}) =>
    put(`${group}/providers/Microsoft.${path}`, { location, properties, ...more });
  const sku = { name: "Standard" };
  const address = (own: string) =>
    make(`Network/publicIPAddresses/${own}`, { publicIPAllocationMethod: "Static" }, { sku });
  const publicIpAddresses = [{ id: await address("out-ip") }];
  const nat = await make("Network/natGateways/out", { publicIpAddresses }, { sku });
  const inner = { addressPrefix: cloud.network, natGateway: { id: nat } };
  const vnet = await make("Network/virtualNetworks/theirs", {
    addressSpace: { addressPrefixes: [cloud.network] },
    subnets: [{ name: "inner", properties: inner }],
  });
  subnet = `${vnet}/subnets/inner`;
  const publicIPAddress = { id: await address("jump-ip") };
  const configuration = { primary: true, subnet: { id: subnet }, publicIPAddress };
  const nic = await make("Network/networkInterfaces/jump-nic", {
    ipConfigurations: [{ name: "primary", properties: configuration }],
  });
  const keyData = (await readFile(`${keyFile}.pub`, "utf8")).trim();
  await make("Compute/virtualMachines/jump", {
    hardwareProfile: { vmSize: "Standard_B2s" },
    storageProfile: {
      imageReference: {
        ...{ publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "0.20260601.2100" },
      },
      osDisk: { createOption: "FromImage" },
    },
    osProfile: {
      ...{ computerName: "jump", adminUsername: "ops" },
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: [{ path: "/home/ops/.ssh/authorized_keys", keyData }] },
      },
    },
    networkProfile: { networkInterfaces: [{ id: nic }] },
  });
  const at = (id: string) => cloud.arm.cloud.find(id)?.properties ?? {};
  const [first] = at(nic)["ipConfigurations"] as readonly {
    readonly properties: { readonly privateIPAddress: string };
  }[];
  const host = String(at(publicIPAddress.id)["ipAddress"]);
  const login = { host, port: 22, user: "ops", keyFile };
  await eventually("the jump host's sshd", async () =>
    (await answersSsh({ access: "ssh", ...login, knownHostsFile: knownToUs })) ? true : undefined,
  );
  jump = { ...login, inside: first?.properties.privateIPAddress ?? "" };
}

const create = (): readonly string[] => [
  ...["cluster", "create", name, "--provider", "azure", "--region", "eastus"],
  ...["--image", "Debian13", "--workers", "0", "--schedulable-control-plane", "--private"],
  ...["--resource-group", "team", "--subnet-id", subnet, "--key", keyFile],
  ...["--jump-host", `${jump.user}@${jump.host}`, "--bundle", cluster.bundle, "--yes"],
  ...["-o", "json"],
];

it(
  "B4 create goes through the jump host alone, both host keys pinned",
  { timeout: 400_000 },
  async () => {
    const { stdout } = await cloud.clouder(create(), { timeoutMs: 380_000 });
    const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly { address: string }[] };
    const host = nodes[0]?.address ?? "";
    expect(await pinnedHosts(folder)).toEqual([jump.host, host]);
    expect(await callersOf({ name, folder, host, user: "azureuser" }, jump)).toEqual([jump.inside]);
  },
);

it("B4 the cluster is ready, its endpoint the balancer inside of the network", async () => {
  const program = join(cluster.bundle, "bin/kubectl");
  const kubectl = [program, "--kubeconfig", join(folder, "kubeconfig")];
  const nodes = await runProgram([...kubectl, "get", "nodes", "--no-headers"]);
  expect(nodes.stdout).toMatch(/^cove-master +Ready/);
  const balancers = cloud.everything().filter((one) => one.startsWith("loadBalancers"));
  expect(balancers).toEqual([`loadBalancers ${name}-internal-lb`]);
  const endpoint = ["config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"];
  const server = await runProgram([...kubectl, ...endpoint]);
  const stem = cloud.network.replace(/0\/24$/, "");
  expect(server.stdout).toMatch(new RegExp(`^https://${stem.replaceAll(".", "\\.")}\\d+:6443$`));
});

it("B3 delete takes the cluster out of the user's group and subnet and leaves them as they were", async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"]);
  await cloud.settled();
  expect(books()).toBe(before);
  expect(await cloud.machines()).toEqual(["jump"]);
});
