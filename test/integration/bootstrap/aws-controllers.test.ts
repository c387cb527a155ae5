import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enableStorage } from "#bootstrap/addons/enable-storage";
import { addonObjects, makeObjects } from "#bootstrap/addons/objects";
import { addonValues } from "#bootstrap/addons/values";
import { addonCalled } from "#bootstrap/addons/wanted";
import { clusterFolder, findRecord, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { wantedMachines } from "#bootstrap/spec/machines";
import { createFakeKube } from "#test/fakes/kube";
import { releaseSecret } from "#test/fakes/helm";
import { region, startAwsWorld, type AwsWorld } from "./aws-world.ts";

/** What AWS' controllers in a cluster are told of what was made, and its storage. */

let world: AwsWorld;
let home: string;
let cluster: Awaited<ReturnType<typeof made>>;
beforeAll(async () => {
  world = await startAwsWorld();
  home = await mkdtemp(join(tmpdir(), "clouder-home-"));
  cluster = await made();
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  await world.close();
});

async function made() {
  const folder = clusterFolder(home, "dev");
  const context = await world.context({ workers: 0, folder });
  const machines = await world.provider.ensure(context, wantedMachines(context.spec));
  const cloud = await world.provider.cloudFacts?.(context);
  return { context, machines, cloud };
}

test("F6 F8 are the region and the cluster's own VPC; machines have the names of the cloud's DNS", () => {
  const { machines, cloud } = cluster;
  expect(cloud).toMatchObject({
    cloud: "aws",
    region,
    vpc: expect.stringMatching(/^vpc-/) as string,
  });
  for (const { cloudNames, privateAddress } of machines) {
    expect(cloudNames).toContain(`ip-${privateAddress.replaceAll(".", "-")}.ec2.internal`);
  }
});

test("F6 machines have the tag by which the cloud controller manager knows its cluster", async () => {
  const { Reservations = [] } = await world.ec2.send(new DescribeInstancesCommand({}));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  expect(instances).toHaveLength(cluster.machines.length);
  // Without it the program ends at its start: "no ClusterID found".
  const owned = { Key: "kubernetes.io/cluster/dev", Value: "owned" };
  for (const { Tags } of instances) expect(Tags).toContainEqual(owned);
});

test("F11 kubeadm storage is the job of addon enable for the driver of the cluster's cloud", async () => {
  const { context, cloud } = cluster;
  const { uid = "", folder } = context;
  const spec = { ...context.spec, cloudController: true as const };
  await writeRecord(folder, recordOf(spec, { uid, created_at: "2026-11-21T12:00:00Z" }, true));
  const addon = addonCalled("aws-ebs-csi-driver");
  const input = { spec, ...(cloud && { cloud }) };
  const kube = createFakeKube([
    releaseSecret({
      ...{ name: addon.release, namespace: addon.namespace, chart: addon.chart },
      values: addonValues(addon.name, input),
    }),
  ]);
  await makeObjects(kube, addonObjects(addon.name, input));
  const around = {
    ...{ report: () => undefined, clock: world.clock, connect: () => Promise.resolve(kube) },
    environment: context.environment,
  };
  const done = await enableStorage({ home, cluster: "dev", timeoutMs: 1000 }, around);
  // All of it was there: no helm was needed, and the record has it from now on.
  expect(done).toEqual({ addons: ["aws-ebs-csi-driver"], changed: false });
  expect((await findRecord(home, "dev")).spec.addons).toEqual(["aws-ebs-csi-driver"]);
});

test("F11 there is none for machines of one's own", async () => {
  const { context } = cluster;
  const spec = { ...context.spec, provider: { name: "ssh", settings: { hosts: [] } } };
  const record = recordOf(spec, { uid: "u", created_at: "2026-11-21T12:00:00Z" }, true);
  await writeRecord(clusterFolder(home, "dev"), record);
  const around = {
    ...{ report: () => undefined, clock: world.clock },
    connect: () => Promise.reject(new Error("nobody connects")),
  };
  await expect(
    enableStorage({ home, cluster: "dev", timeoutMs: 1000 }, around),
  ).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("no cloud") as string,
  });
});
