import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clusterFolder, readRecord, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";
import { systemClock } from "#core/clock";
import { silent } from "#core/report";
import { emptyBundle } from "#test/fixtures/bundle";

let home: string;
const hosts = ["10.0.0.4", "10.0.0.5", "10.0.0.6"];
const flags: ClusterFlags = { name: "own", provider: "ssh", hosts };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-change-"));
  const sha256 = createHash("sha256").digest("hex");
  const files = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"].map((path) => ({
    ...{ kind: "binary", path, destination: `/usr/local/bin/${path}`, sha256, bytes: 0 },
  }));
  await writeFile(join(home, "bundle.json"), JSON.stringify({ ...emptyBundle, files }));
  const spec = loadSpec({ flags, defaults: { kubernetesVersion: "v1.36.3", bundle: home } });
  const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };
  await writeRecord(clusterFolder(home, "own"), recordOf(spec, identity, true));
});
afterEach(() => rm(home, { recursive: true, force: true }));

test.each<[string, ClusterFlags, string, string]>([
  ["another provider", { provider: "local", hosts: [] }, "exists", "spec.provider.name ssh"],
  [
    "another pod network",
    { podCIDR: "10.50.0.0/16" },
    "exists",
    "spec.network.podCIDR 10.244.0.0/16",
  ],
  ["fewer workers", { hosts: hosts.slice(0, 2) }, "refused", "own-node-2"],
  ["hosts in another order", { hosts: hosts.toReversed() }, "exists", "in the place of 10.0.0.4"],
])("a cluster with %s is not the one that is there", async (_what, change, code, named) => {
  const before = await readRecord(clusterFolder(home, "own"));
  const request = { home, flags: { ...flags, bundle: home, ...change } };
  const around = { report: silent, clock: systemClock };
  await expect(createCluster(request, around)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(named) as string,
  });
  expect(await readRecord(clusterFolder(home, "own"))).toEqual(before);
});

test("a create that is refused at once leaves no record", async () => {
  const around = { report: silent, clock: systemClock, environment: { PATH: home } };
  const document = JSON.stringify({
    ...{ apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" },
    ...{ metadata: { name: "new" }, spec: { addons: ["traefik"] } },
  });
  const request = { home, document, flags: { provider: "ssh", hosts, bundle: home } };
  await expect(createCluster(request, around)).rejects.toMatchObject({
    code: "not-found",
    message: "helm is not among this machine's programs",
  });
  expect(await readRecord(clusterFolder(home, "new"))).toBeUndefined();
});
