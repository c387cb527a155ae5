import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { planCluster } from "#bootstrap/plan-cluster";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import { silent } from "#core/report";
import { emptyBundle } from "#test/fixtures/bundle";

let home: string;
/** Nobody listens there. */
const hosts = ["root@127.0.0.1:1", "root@127.0.0.1:2"];
const flags = (): ClusterFlags => ({ name: "own", provider: "ssh", hosts, bundle: home });
const around = { report: silent, clock: systemClock };
const noAnswer = () => Promise.reject(new ClouderError("unreachable", "no answer"));
const plan = (change: ClusterFlags = {}) =>
  planCluster({ home, flags: { ...flags(), ...change } }, around, noAnswer);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-plan-"));
  const sha256 = createHash("sha256").digest("hex");
  const files = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"].map((path) => ({
    ...{ kind: "binary", path, destination: `/usr/local/bin/${path}`, sha256, bytes: 0 },
  }));
  await writeFile(join(home, "bundle.json"), JSON.stringify({ ...emptyBundle, files }));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function record(complete: boolean): Promise<void> {
  const spec = loadSpec({ flags: flags(), defaults: { kubernetesVersion: "v1.36.3" } });
  const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };
  await writeRecord(clusterFolder(home, "own"), recordOf(spec, identity, complete));
}

test("a cluster that is not there is created whole; nothing is asked and nothing written", async () => {
  const { differences, steps } = await plan();
  expect(differences.map(({ object, change }) => [object, change])).toEqual([
    ["cluster/own", "create"],
    ["machine/own-master", "create"],
    ["machine/own-node-1", "create"],
  ]);
  expect(steps.map(({ step }) => step)).toEqual(expect.arrayContaining(["init", "join", "prove"]));
  expect(await readdir(home)).toEqual(["bundle.json"]);
});

test("machines and a cluster that do not answer are differences, not errors", async () => {
  await record(false);
  const { differences } = await plan();
  expect(differences.map(({ object, fields }) => [object, fields[0]?.field])).toEqual([
    ["cluster/own", "setup"],
    ["host/own-master", "ssh"],
    ["host/own-node-1", "ssh"],
    ["cluster/own", "api"],
  ]);
});

test("what cannot be changed in place is told with its cure, and no step would run", async () => {
  await record(true);
  const { differences, steps } = await plan({ serviceCIDR: "10.97.0.0/16" });
  expect(differences).toEqual([
    {
      ...{ object: "cluster/own", change: "refused" },
      fields: [
        { field: "spec.network.serviceCIDR", before: "10.96.0.0/12", after: "10.97.0.0/16" },
      ],
      cure: expect.stringContaining("cluster delete own") as string,
    },
  ]);
  expect(steps).toEqual([]);
});
