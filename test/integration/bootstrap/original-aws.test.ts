import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterFolder, readRecord } from "#bootstrap/cluster-folder";
import type { CommandDefinition } from "#plugin/cli/command";
import k8sLs from "#plugin/commands/k8s/ls";
import kubeadmLs from "#plugin/commands/kubeadm/ls";
import vmCreate from "#plugin/commands/kubeadm/vm-create";
import { runCommand } from "#test/unit/plugin/commands/run";
import { region, startAwsWorld, type AwsWorld } from "./aws-world.ts";

/** The original's command line, word by word, against moto; one create, which takes its real time. */

let world: AwsWorld;
let home: string;
beforeAll(async () => {
  world = await startAwsWorld();
  home = await mkdtemp(join(tmpdir(), "clouder-original-aws-"));
  await create();
});
afterAll(async () => {
  await world.close();
  await rm(home, { recursive: true });
});

const run = (command: CommandDefinition, argv: readonly string[], at = home) =>
  runCommand("original", command, argv, {
    environment: { HOME: at, AWS_REGION: region },
    clock: world.clock,
  });
const create = () =>
  run(vmCreate, [
    ...["dev", "--cloud", "aws", "--region", "us-east-1", "--workers", "3"],
    ...["--master-size", "m5.xlarge", "--node-size", "m6i.xlarge"],
    // Every address, so that it does not matter from where the tests run.
    ...["--allow-cidr", "0.0.0.0/1", "--allow-cidr", "128.0.0.0/1"],
  ]);

async function instances() {
  const { Reservations = [] } = await world.ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

it("C1 C4 kubeadm vm-create makes one master and three workers of the sizes that are said, tagged", async () => {
  const made = (await instances()).map(({ InstanceType = "", Tags = [] }) => ({
    size: InstanceType,
    tags: Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])),
  }));
  expect(made.map(({ size, tags }) => `${tags["Name"] ?? ""} ${size}`).sort()).toEqual([
    ...["dev-master m5.xlarge", "dev-node-1 m6i.xlarge"],
    ...["dev-node-2 m6i.xlarge", "dev-node-3 m6i.xlarge"],
  ]);
  for (const { tags } of made) {
    expect(tags).toMatchObject({ "clouder-cluster": "dev", "datalayer.io/component": "kubeadm" });
  }
});

it("B7 C3 kubeadm vm-create records them before they are set up, with a private key", async () => {
  const folder = clusterFolder(home, "dev");
  expect(await readRecord(folder)).toMatchObject({
    ...{ cloud: "aws", region: "us-east-1", setup_complete: false },
    ...{ master_size: "m5.xlarge", node_size: "m6i.xlarge", master: "dev-master" },
    workers: ["dev-node-1", "dev-node-2", "dev-node-3"],
  });
  expect((await stat(join(folder, "key"))).mode & 0o777).toBe(0o600);
});

it("C1 the same line a second time makes nothing", async () => {
  const before = (await instances()).map(({ InstanceId }) => InstanceId).sort();
  await create();
  expect((await instances()).map(({ InstanceId }) => InstanceId).sort()).toEqual(before);
});

it("H2 clusters of a cloud are listed by tag where nothing is recorded, and once where something is", async () => {
  const argv = ["--cloud", "aws", "--region", "us-east-1", "-o", "json"];
  const running = { running: 4, wanted: 4 };
  const mine = JSON.parse((await run(k8sLs, argv)).stdout) as readonly object[];
  expect(mine).toMatchObject([{ name: "dev", state: "incomplete", machines: running }]);
  const elsewhere = join(home, "elsewhere");
  for (const command of [k8sLs, kubeadmLs]) {
    const { stdout } = await run(command, argv, elsewhere);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: "dev", provider: "aws", state: "unrecorded", machines: running },
    ]);
  }
  expect((await run(k8sLs, ["-o", "json"], elsewhere)).stdout.trim()).toBe("[]");
  await expect(run(k8sLs, ["--cloud", "gcp"])).rejects.toMatchObject({ code: "usage" });
});
