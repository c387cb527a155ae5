import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  clusterFolder,
  findRecord,
  kubeconfigPath,
  recordOf,
  writeRecord,
} from "#bootstrap/cluster-folder";
import { createNodePool, updateNodePool } from "#bootstrap/pools/node-pools";
import { listNodePools } from "#bootstrap/pools/list-nodes";
import type { LifeAround } from "#bootstrap/pools/place";
import { removeNode } from "#bootstrap/pools/remove-node";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";
import { upgradeCluster } from "#bootstrap/upgrade-cluster";
import { systemClock } from "#core/clock";
import { createFakeKube } from "#test/fakes/kube";
import { emptyBundle } from "#test/fixtures/bundle";

/** What is refused before the first change: no machine is asked for any of it. */

let home: string;
const drain = { timeoutMs: 1000, force: false };
const around: LifeAround = {
  report: () => undefined,
  clock: systemClock,
  connect: () => Promise.resolve(createFakeKube()),
};
const at = () => ({ home, cluster: "lab" });

async function record(change: Partial<ClusterSpec> = {}, complete = true): Promise<void> {
  const spec = loadSpec({
    flags: { name: "lab", provider: "ssh", hosts: ["root@m", "root@a", "root@b"] },
    defaults: { kubernetesVersion: "v1.36.1", bundle: join(home, "bundle") },
  });
  const known = { uid: "uid", created_at: "2026-11-21T10:00:00Z" };
  await writeRecord(clusterFolder(home, "lab"), recordOf({ ...spec, ...change }, known, complete));
}

test("H3 a pool with a size or spot machines is refused where machines are what they are", async () => {
  await record();
  await bundle({ kubernetes: "v1.36.1" });
  const before = await readFile(join(clusterFolder(home, "lab"), "kubeadm.json"), "utf8");
  for (const [wish, field] of [
    [{ size: "Standard_NC4as_T4_v3" }, "size"],
    [{ spot: true }, "spot"],
  ] as const) {
    const request = { ...at(), pool: "gpu-workers", hosts: ["root@c"], ...wish };
    await expect(createNodePool(request, around)).rejects.toMatchObject({
      code: "config",
      message: `spec.pools[1].${field} is for machines of a cloud, not of ssh`,
    });
  }
  expect(await readFile(join(clusterFolder(home, "lab"), "kubeadm.json"), "utf8")).toBe(before);
});

async function recordedSpec(): Promise<ClusterSpec> {
  await record();
  return (await findRecord(home, "lab")).spec;
}

async function bundle(versions: Partial<typeof emptyBundle.versions>): Promise<void> {
  const folder = join(home, "bundle");
  await mkdir(folder, { recursive: true });
  const names = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"];
  const files = names.map((name) => ({
    ...{ kind: "binary", path: `bin/${name}`, destination: `/usr/local/bin/${name}` },
    ...{ sha256: "0".repeat(64), bytes: 1 },
  }));
  const content = { ...emptyBundle, files, versions: { ...emptyBundle.versions, ...versions } };
  await writeFile(join(folder, "bundle.json"), JSON.stringify(content));
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-pools-"));
});
afterEach(() => rm(home, { recursive: true }));

describe("removing a node", () => {
  test("that the cluster does not have names those it has", async () => {
    await record();
    await expect(removeNode({ ...at(), node: "x", drain }, around)).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("lab-node-2") as string,
    });
  });

  test("never takes the only control plane (E6)", async () => {
    await record();
    await expect(removeNode({ ...at(), node: "lab-master", drain }, around)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("only control plane") as string,
    });
  });

  test("keeps the pool's least number of nodes (H3)", async () => {
    const workers = { name: "workers", count: 2, min: 2, labels: {}, taints: [], checkpoint: true };
    await record({ pools: [workers] });
    await expect(removeNode({ ...at(), node: "lab-node-2", drain }, around)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("min 2") as string,
    });
  });

  test("waits for a cluster that is complete", async () => {
    await record({}, false);
    await expect(removeNode({ ...at(), node: "lab-node-2", drain }, around)).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("kubeadm setup lab") as string,
    });
  });
});

describe("a pool", () => {
  test("is made once (H3)", async () => {
    await record();
    await expect(createNodePool({ ...at(), pool: "workers" }, around)).rejects.toMatchObject({
      code: "exists",
    });
  });

  test("never grows above its max nor below its min, and the record stays (H4)", async () => {
    await record();
    const path = join(clusterFolder(home, "lab"), "kubeadm.json");
    const before = await readFile(path, "utf8");
    const update = { ...at(), pool: "workers", drain };
    for (const size of [{ desired: 3, max: 2 }, { desired: 1, min: 2 }, { min: 3 }]) {
      await expect(updateNodePool({ ...update, ...size }, around)).rejects.toMatchObject({
        message: expect.stringMatching(/outside of min \d+ and max \d+/) as string,
      });
    }
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("wants a host for each node of the user's own machines", async () => {
    await record();
    const wish = { ...at(), pool: "batch", desired: 2, hosts: ["root@c"] };
    await expect(createNodePool(wish, around)).rejects.toMatchObject({ code: "usage" });
  });

  test("is listed with its bounds and the nodes that are ready (H3)", async () => {
    await record();
    await writeFile(kubeconfigPath(home, "lab"), "");
    expect(await listNodePools(at(), around)).toMatchObject([
      { name: "workers", min: 0, desired: 2, max: 150, ready: 0 },
    ]);
  });
});

describe("an upgrade (H7)", () => {
  test("that is under way is completed before nodes are made", async () => {
    const spec = await recordedSpec();
    const known = { uid: "uid", created_at: "2026-11-21T10:00:00Z", upgrading: "v1.36.3" };
    await writeRecord(clusterFolder(home, "lab"), recordOf(spec, known, true));
    await bundle({ kubernetes: "v1.36.1" });
    const wish = { ...at(), pool: "batch", desired: 1, hosts: ["root@c"] };
    await expect(createNodePool(wish, around)).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("cluster upgrade lab") as string,
    });
  });

  const good = { kubernetes: "v1.36.3", containerd: "2.4.2", criu: "4.2.1" };
  const upgrade = () => upgradeCluster({ ...at(), drain }, around);

  test.each([
    ["v1.38.0", "the next minor version is v1.37"],
    ["v1.36.0", "is older than v1.36.1"],
  ])("to %s is refused", async (kubernetes, problem) => {
    await record();
    await bundle({ ...good, kubernetes });
    await expect(upgrade()).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(problem) as string,
    });
  });

  test.each([
    ["containerd", { containerd: "1.7.35" }],
    ["CRIU", { criu: "3.15" }],
  ])("to a %s that cannot restore is refused where pools want it", async (name, versions) => {
    await record();
    await bundle({ ...good, ...versions });
    await expect(upgrade()).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(new RegExp(`${name}.*workers`)) as string,
    });
  });
});
