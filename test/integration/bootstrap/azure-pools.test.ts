import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { clusterFolder, readRecord, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import type { ProviderContext } from "#bootstrap/providers/provider";
import type { PoolSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import createNodepool from "#plugin/commands/k8s/create-nodepool";
import { emptyBundle } from "#test/fixtures/bundle";
import { armEnvironment, owner } from "#test/lab/arm/arm";
import { runCommand } from "#test/unit/plugin/commands/run";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

/** Pools with a size of their own, or of spot machines. */

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const pool = (name: string, more: Partial<PoolSpec> = {}): PoolSpec => ({
  ...{ name, count: 1, labels: {}, taints: [], checkpoint: true },
  ...more,
});
const gpus = pool("gpu-workers", { size: "Standard_NC4as_T4_v3", spot: true, count: 2 });
const machine = (name: string) => world.stored("virtualMachines", name);

async function contextWith(...pools: readonly PoolSpec[]): Promise<ProviderContext> {
  const context = await world.context({});
  return { ...context, spec: { ...context.spec, pools } };
}

test("H3 B6 a pool's machines have its size, in zones that offer it, and are spot machines where it says so", async () => {
  const context = await contextWith(pool("workers", { count: 2 }), gpus);
  await world.provider.preflight(context);
  await world.ensure(context);
  for (const name of ["dev-node-3", "dev-node-4"]) {
    expect(machine(name)?.extra["zones"]).toEqual(["1"]);
    expect(machine(name)?.properties).toMatchObject({
      hardwareProfile: { vmSize: "Standard_NC4as_T4_v3" },
      priority: "Spot",
    });
  }
  const plain = machine("dev-node-2")?.properties;
  expect(plain).toMatchObject({ hardwareProfile: { vmSize: "Standard_B4ms" } });
  expect(plain).not.toHaveProperty("priority");
  expect(world.provider.preview(context, wantedMachines(context.spec))).toContainEqual(
    expect.stringMatching(/dev-node-3 Standard_NC4as_T4_v3, spot/),
  );
});

test("H3 a pool that says no is not of spot machines although all others are", async () => {
  const settings = { spot: true, workerSize: "Standard_D4s_v5" };
  const context = await world.context({ settings });
  const pools = [pool("workers"), pool("steady", { spot: false })];
  await world.ensure({ ...context, spec: { ...context.spec, pools } });
  expect(machine("dev-node-1")?.properties).toMatchObject({ priority: "Spot" });
  expect(machine("dev-node-2")?.properties).not.toHaveProperty("priority");
});

test.each<[string, Partial<PoolSpec>, string, RegExp]>([
  ["that is no spot size", { size: "Standard_B2s", spot: true }, "refused", /no spot machines/],
  ["that does not exist", { size: "Standard_D4s_v99" }, "config", /Standard_D4s_v99/],
  ["beyond the quota", { size: "Standard_NC24ads_A100_v4", count: 20 }, "refused", /quota/],
])("H3 a pool of a size %s is refused before the first create", async (_what, more, code, text) => {
  const context = await contextWith(pool("workers"), pool("others", more));
  await expect(world.provider.preflight(context)).rejects.toMatchObject({
    ...{ code, message: expect.stringMatching(text) as string },
  });
  expect(world.everything()).toEqual([]);
});

test("H3 B6 create-nodepool with the original's retired size names live ones and changes nothing", async () => {
  const bundle = join(world.home, "bundle");
  await mkdir(bundle, { recursive: true });
  const programs = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"];
  const files = programs.map((name) => ({
    ...{ kind: "binary", path: name, destination: `/usr/local/bin/${name}`, bytes: 1 },
    sha256: "0".repeat(64),
  }));
  await writeFile(join(bundle, "bundle.json"), JSON.stringify({ ...emptyBundle, files }));
  const settings = { region: "eastus", allowCIDRs: ["198.51.100.7/32"] };
  const flags = { name: "dev", provider: "azure", settings, bundle };
  const spec = loadSpec({
    flags,
    defaults: { kubernetesVersion: emptyBundle.versions.kubernetes },
  });
  const folder = clusterFolder(world.home, "dev");
  const created = {
    uid: "00000009-1111-4222-8333-444444444444",
    created_at: "2026-01-01T00:00:00Z",
  };
  await writeRecord(folder, recordOf(spec, created, true));
  await writeFile(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
  const known = await readRecord(folder);
  const original =
    "dev gpu-workers --flavor Standard_NC6s_v3 --min 0 --desired 1 --max 5 --roles jupyter --xpu gpu-cuda";
  const environment = { HOME: world.home, ...armEnvironment(world.arm, owner) };
  await expect(
    runCommand("k8s create-nodepool", createNodepool, original.split(" "), { environment }),
  ).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("Azure retired Standard_NC6s_v3 on 2025-09-30") as string,
    hint: expect.stringContaining("Standard_NC4as_T4_v3") as string,
  });
  expect(await readRecord(folder)).toEqual(known);
  expect(world.everything()).toEqual([]);
});

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: dev, user: {token: t}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
`;
