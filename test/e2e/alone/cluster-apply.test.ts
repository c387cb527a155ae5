import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ClusterPlan } from "#bootstrap/plan-cluster";
import { hostState } from "#test/e2e/host-state";
import { ensureBundle } from "#test/lab/bundle";
import { attachLabCluster, labFolder, removeHome, type LabCluster } from "#test/lab/lab-cluster";

/** A document's life: written, planned, applied, changed, refused, deleted. */

const name = "apply";
let cluster: LabCluster;
let file: string;
let folder: string;
let before: string;

beforeAll(async () => {
  const bundle = await ensureBundle((line) => process.stdout.write(`apply: ${line}\n`));
  before = await hostState();
  const home = await mkdtemp(join(labFolder(), "clouder-home-"));
  folder = join(home, ".clouder", "kubeadm", name);
  file = join(home, "apply.yaml");
  cluster = attachLabCluster({
    ...{ name, home, bundle, kubeconfig: join(folder, "kubeconfig"), gateway: "" },
    ...{ nodes: ["apply-master", "apply-node-1"], s3: { endpoint: "", folder: "" } },
  });
}, 2_400_000);
afterAll(() => removeHome(cluster.home), 300_000);

async function plan(): Promise<ClusterPlan & { readonly status: number }> {
  const { status, stdout } = await cluster.clouder(["cluster", "plan", "-f", file, "-o", "json"], {
    allowFailure: true,
  });
  return { status, ...(JSON.parse(stdout) as ClusterPlan) };
}

async function edit(before: string | RegExp, after: string): Promise<void> {
  const text = await readFile(file, "utf8");
  expect(text).toMatch(before);
  await writeFile(file, text.replace(before, after));
}

const objects = ({ differences }: ClusterPlan) => differences.map(({ object }) => object);

it("a document that init wrote is planned and applied", { timeout: 400_000 }, async () => {
  await cluster.clouder(["cluster", "init", name, "-f", file]);
  await edit("bundle: ./bundle", `bundle: ${cluster.bundle}`);
  const planned = await plan();
  expect(planned.status).toBe(1);
  expect(objects(planned)).toEqual([
    ...[`cluster/${name}`, `machine/${name}-master`, `machine/${name}-node-1`],
  ]);
  await cluster.clouder(["cluster", "apply", "-f", file], { timeoutMs: 300_000 });
  expect(await plan()).toMatchObject({ status: 0, differences: [], steps: [] });
});

it("what was done on a machine stands in its log, for its owner alone", async () => {
  const log = join(folder, "logs", `${name}-node-1.log`);
  const text = await readFile(log, "utf8");
  expect(text).toMatch(/ kubeadm "\$@".* sh \d+ join -> status 0, /);
  expect(text).not.toMatch(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b|PRIVATE KEY/);
  expect((await stat(log)).mode & 0o777).toBe(0o600);
});

it("a pool that grows and a label are seen, applied, and then gone from the plan", async () => {
  await edit("count: 1 # Number of nodes", "count: 2 # Number of nodes");
  await edit("# labels: # Labels", "labels: { example.org/team: blue } # Labels");
  const planned = await plan();
  expect(planned.status).toBe(1);
  expect(objects(planned)).toEqual([
    ...[`machine/${name}-node-2`, `node/${name}-node-1`, `node/${name}-node-2`],
  ]);
  const { stdout } = await cluster.clouder(["cluster", "apply", "-f", file, "-o", "json"], {
    timeoutMs: 300_000,
  });
  const { timings } = JSON.parse(stdout) as { timings: { step: string; host?: string }[] };
  expect(timings).toContainEqual(expect.objectContaining({ step: "join", host: `${name}-node-2` }));
  expect(await plan()).toMatchObject({ status: 0, differences: [] });
});

it("what cannot be changed in place is refused before anything is changed", async () => {
  await edit("podCIDR: 10.244.0.0/16", "podCIDR: 10.245.0.0/16");
  const planned = await plan();
  expect(planned).toMatchObject({ status: 1, steps: [] });
  expect(planned.differences).toMatchObject([{ object: `cluster/${name}`, change: "refused" }]);
  const refused = await cluster.clouder(["cluster", "apply", "-f", file], { allowFailure: true });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("spec.network.podCIDR 10.244.0.0/16");
  await edit("podCIDR: 10.245.0.0/16", "podCIDR: ten");
  const wrong = await cluster.clouder(["cluster", "plan", "-f", file], { allowFailure: true });
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/apply\.yaml:\d+:\d+: spec\.network\.podCIDR "ten"/);
});

it("delete leaves no trace of it", async () => {
  await cluster.clouder(["cluster", "delete", name, "--yes"]);
  expect(await hostState()).toBe(before);
});
