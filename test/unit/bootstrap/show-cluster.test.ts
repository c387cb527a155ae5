import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { listClusters, showCluster } from "#bootstrap/show-cluster";
import { loadSpec } from "#bootstrap/spec/load";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";

let home: string;
let events: ReportEvent[];
const around = () => ({
  report: (event: ReportEvent) => void events.push(event),
  clock: systemClock,
});

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-show-"));
  events = [];
  await record("own", "ssh");
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function record(name: string, provider: string): Promise<void> {
  const hosts = ["10.0.0.4", "10.0.0.5"];
  const spec = loadSpec({
    flags: { name, provider, hosts },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };
  await writeRecord(clusterFolder(home, name), recordOf(spec, identity, true));
}

test("a cluster whose provider does not answer is listed as unknown, the others as they are", async () => {
  await record("far", "moon");
  expect(await listClusters(home, around())).toMatchObject([
    { name: "far", provider: "moon", state: "unknown", machines: { running: 0, wanted: 2 } },
    { name: "own", provider: "ssh", state: "stopped" },
  ]);
  expect(events).toEqual([
    expect.objectContaining({ type: "note", level: "warn", message: expect.any(String) as string }),
  ]);
});

test("a record that cannot be read is listed as unknown, with its file and cure, and hides no other", async () => {
  await mkdir(clusterFolder(home, "bad"));
  await writeFile(join(clusterFolder(home, "bad"), "kubeadm.json"), "{nonsense");
  expect(await listClusters(home, around())).toMatchObject([
    { name: "bad", provider: "", state: "unknown", machines: { running: 0, wanted: 0 } },
    { name: "own", provider: "ssh" },
  ]);
  expect(events).toMatchObject([
    { level: "warn", message: expect.stringContaining("kubeadm.json is not JSON") as string },
  ]);
});

test("nodes of a cluster that does not answer are not ready and of no version", async () => {
  const silent = () => Promise.reject(new ClouderError("unreachable", "no answer"));
  const { state, nodes } = await showCluster(home, "own", around(), silent);
  expect(state).toBe("stopped");
  expect(nodes).toMatchObject([
    { name: "own-master", address: "10.0.0.4", ready: false, version: "" },
    { name: "own-node-1", address: "10.0.0.5", ready: false, version: "" },
  ]);
});
