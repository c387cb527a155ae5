import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import { hostState } from "#test/e2e/host-state";
import { eventually, lab } from "#test/e2e/scenario";
import type { Stored } from "#test/lab/arm/cloud";
import { openAzureCli, type AzureCli } from "#test/lab/azure-cli";
import { startAzureCloud, type AzureCloud } from "#test/lab/azure-cloud";
import { launcher } from "#test/lab/lab-cluster";
import { runProgram } from "#test/lab/run-program";

/** A cluster from nothing to nothing through Azure Resource Manager; its machines are real. */

const cluster = lab();
const name = "shore";
const folder = join(cluster.home, ".clouder", "kubeadm", name);
let hostBefore: string;
let cloud: AzureCloud;
let az: AzureCli;
/** What is somebody else's all the time. */
let theirs: readonly string[];

beforeAll(async () => {
  hostBefore = await hostState();
  cloud = await startAzureCloud(cluster, "azure");
  az = await openAzureCli(cloud.arm, join(cluster.home, ".clouder", "kubeadm", "azure"));
});
afterAll(async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true });
  await az[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
  expect(await hostState()).toBe(hostBefore);
});

const create = (cluster_: string, ...more: readonly string[]): readonly string[] => [
  ...["cluster", "create", cluster_, "--provider", "azure", "--region", "eastus"],
  ...["--image", "Debian13", "--workers", "1", "--vnet-cidr", cloud.network],
  ...["--allow-cidr", cloud.network, "--bundle", cluster.bundle, "--yes", "-o", "json", ...more],
];
const kubectl = async (...args: readonly string[]): Promise<string> => {
  const program = join(cluster.bundle, "bin/kubectl");
  const { stdout } = await runProgram([
    ...[program, "--kubeconfig", join(folder, "kubeconfig"), ...args],
  ]);
  return stdout;
};
const things = (type: string): readonly Stored[] =>
  [...cloud.arm.cloud.things.values()].filter((one) => one.type.endsWith(`/${type}`));
const thing = (type: string, own: string) => things(type).find((one) => one.name === own);
const addressOf = (own: string): string =>
  String(thing("publicIPAddresses", own)?.properties["ipAddress"]);

/** Runs a command as root on a machine, as its owner could with the cluster's key. */
async function on(node: string, argv: readonly string[]): Promise<string> {
  const driver = await nodeAccessDrivers.ssh.load();
  const access = await driver.connect(node, {
    ...{ access: "ssh", host: addressOf(`${node}-ip`), port: 22, user: "azureuser" },
    ...{ keyFile: join(folder, "key"), knownHostsFile: join(folder, "known_hosts") },
  });
  try {
    const { stdout, stderr } = await access.run(argv, { allowFailure: true });
    return `${stdout}${stderr}`;
  } finally {
    await access.close();
  }
}

/** Starts a create and kills it once `when` has come, told after each call and each line. */
async function createKilled(when: (line: string) => boolean): Promise<NodeJS.Signals | null> {
  const child = spawn(launcher, [...create(name), "--progress", "json"], {
    env: { ...process.env, ...cloud.environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const look = (line: string) => {
    if (when(line)) child.kill("SIGKILL");
  };
  cloud.arm.rule = ({ method, path }) => {
    look(`${method} ${path}`);
    return undefined;
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    text.split("\n").forEach(look);
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_, signal) => {
      cloud.arm.rule = () => undefined;
      resolve(signal);
    });
  });
}

it("B3 a group of somebody else, or a name in it, is never touched", async () => {
  await az("group", "create", "-n", "theirs-rg", "-l", "eastus", "--tags", "team=a");
  const address = ["network", "public-ip", "create", "-g", "theirs-rg", "-n", "theirs-master-ip"];
  await az(...address, "-l", "eastus", "--sku", "Standard");
  const before = JSON.stringify([...cloud.arm.cloud.things.values()]);
  const refused = async (...more: readonly string[]) => {
    const options = { allowFailure: true };
    const { status, stderr } = await cloud.clouder(create("theirs", ...more), options);
    expect(status).not.toBe(0);
    return stderr;
  };
  expect(await refused()).toMatch(/a resource group .*theirs-rg.* that is not of this cluster/);
  expect(await refused("--resource-group", "theirs-rg")).toMatch(/theirs-master-ip.* not of this/);
  await cloud.clouder(["cluster", "delete", "theirs", "--yes"], { allowFailure: true });
  expect(JSON.stringify([...cloud.arm.cloud.things.values()])).toBe(before);
  theirs = cloud.everything();
});

it(
  "B1 B3 create converges after SIGKILL while a machine is made, and while one is prepared",
  { timeout: 400_000 },
  async () => {
    const making = new RegExp(`^PUT .*/virtualMachines/${name}-node-1$`);
    expect(await createKilled((line) => making.test(line))).toBe("SIGKILL");
    const preparing = /"step-started".*"install-packages"/;
    expect(await createKilled((line) => preparing.test(line))).toBe("SIGKILL");
    const { stdout } = await cloud.clouder(create(name), { timeoutMs: 380_000 });
    expect(JSON.parse(stdout)).toMatchObject({ provider: "azure", changed: true, complete: true });
    await cloud.settled();
    expect(await cloud.machines()).toEqual([`${name}-master`, `${name}-node-1`]);
  },
);

it("B2 B3 the machines have the original's names and our tags, the nodes their ids and their proof", async () => {
  for (const { id, type, name: own, tags } of cloud.arm.cloud.things.values()) {
    if (type.endsWith("roleAssignments") || id.includes("/theirs-rg")) continue;
    expect(tags, `${type} ${own}`).toMatchObject({ "clouder-cluster": name });
  }
  // The cloud lists them as they were made, and a create that was killed may have made either first.
  const machines = things("virtualMachines").toSorted((a, b) => a.name.localeCompare(b.name));
  expect(machines.map(({ name: own, tags }) => `${own} ${tags?.["clouder-role"] ?? ""}`)).toEqual([
    ...[`${name}-master control-plane`, `${name}-node-1 worker`],
  ]);
  const { items } = JSON.parse(await kubectl("get", "nodes", "-o", "json")) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly labels: object };
      readonly spec: { readonly providerID: string; readonly taints?: readonly object[] };
      readonly status: { readonly conditions: readonly object[] };
    }[];
  };
  expect(items.map(({ metadata }) => metadata.name)).toEqual(machines.map((one) => one.name));
  for (const { metadata, spec, status } of items) {
    expect(spec.providerID).toBe(`azure://${thing("virtualMachines", metadata.name)?.id ?? ""}`);
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: "Ready", status: "True" }),
    );
    expect(metadata.labels).toMatchObject({ "clouder.datalayer.io/checkpoint": "proven" });
    expect(JSON.stringify(spec.taints ?? [])).not.toContain("cloudprovider");
  }
});

it("B4 people use the balancer's public address, nodes the one inside", async () => {
  expect(await kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")).toBe(
    `https://${addressOf(`${name}-api-ip`)}:6443`,
  );
  const server = ["grep", "-o", "server: .*", "/etc/kubernetes/kubelet.conf"];
  expect(await on(`${name}-node-1`, server)).toContain(`https://${inside()}:6443`);
  const image = "--image=docker.io/clouder/busybox:1";
  const command = ["--restart=Never", "--", "echo", "a pod of the cloud"];
  await kubectl("run", "hello", image, "--image-pull-policy=Never", ...command);
  const said = await eventually("the pod's word", async () => {
    const text = await kubectl("logs", "hello");
    return text === "" ? undefined : text;
  });
  expect(said).toBe("a pod of the cloud\n");
});

/** Address of the balancer that nodes use. */
function inside(): string {
  const properties = thing("loadBalancers", `${name}-internal-lb`)?.properties;
  const [frontend] = properties?.["frontendIPConfigurations"] as readonly {
    readonly properties: { readonly privateIPAddress: string };
  }[];
  return frontend?.properties.privateIPAddress ?? "";
}

it("B4 a control plane answers at the balancer's address itself: the balancer does not lead it back", async () => {
  const plane = `${name}-master`;
  const admin = "--kubeconfig=/etc/kubernetes/admin.conf";
  const ask = ["kubectl", admin, "get", "--raw", "/readyz", "--request-timeout=5s"];
  const own = (change: string) => on(plane, ["ip", "address", change, inside(), "dev", "lo"]);
  expect(await on(plane, ["grep", "server:", "/etc/kubernetes/admin.conf"])).toContain(inside());
  expect(await on(plane, ask)).toBe("ok");
  await own("delete");
  expect(await on(plane, ask)).not.toBe("ok");
  expect(await on(`${name}-node-1`, ["curl", "-ks", `https://${inside()}:6443/readyz`])).toBe("ok");
  await own("add");
  expect(await on(plane, ask)).toBe("ok");
  // After the next boot, too.
  const enabled = ["systemctl", "is-enabled", "clouder-api-address.service"];
  expect(await on(plane, enabled)).toBe("enabled\n");
});

it("B4 a machine that was switched off and on is the same again", async () => {
  const node = `${name}-node-1`;
  const vm = ["-g", `${name}-rg`, "-n", node];
  const healthz = ["get", "--raw", `/api/v1/nodes/${node}/proxy/healthz`, "--request-timeout=5s"];
  expect(await kubectl(...healthz)).toBe("ok");
  await az("vm", "stop", ...vm);
  await cloud.settled();
  await expect(kubectl(...healthz)).rejects.toThrow();
  await az("vm", "start", ...vm);
  await eventually("the kubelet", async () =>
    (await kubectl(...healthz)) === "ok" ? true : undefined,
  );
});

it("B1 a second create changes nothing; list and show tell the cluster", async () => {
  const before = cloud.everything();
  const { stdout } = await cloud.clouder(create(name));
  expect(JSON.parse(stdout)).toMatchObject({ changed: false, complete: true });
  expect(cloud.everything()).toEqual(before);
  const listed = await cloud.clouder(["cluster", "list", "-o", "json"]);
  expect(JSON.parse(listed.stdout)).toContainEqual(
    expect.objectContaining({ name, provider: "azure" }),
  );
  const shown = await cloud.clouder(["cluster", "show", name, "-o", "json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    ...{ state: "ready", provider: "azure", resourceGroup: `${name}-rg`, region: "eastus" },
  });
});

it("B3 delete leaves nothing of the cluster in the cloud, and no machine", async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"]);
  await cloud.settled();
  expect(cloud.everything()).toEqual(theirs);
  expect(theirs).toHaveLength(2);
  expect(await cloud.machines()).toEqual([]);
});
