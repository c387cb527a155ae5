import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  RunInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { ListAttachedRolePoliciesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newest, startAwsWorld, tagOf, type AwsWorld } from "./aws-world.ts";
import { writeKey } from "./cloud-run.ts";

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

describe("C1 machines", () => {
  test("C1 are one control plane and three workers of the newest image, recorded and used again", async () => {
    const context = await world.context({ workers: 3 });
    await world.provider.preflight(context);
    const made = await world.ensure(context);
    expect(made.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "dev-master control-plane",
      ...["dev-node-1 worker", "dev-node-2 worker", "dev-node-3 worker"],
    ]);
    expect((await world.machines()).map((one) => one.ImageId)).toEqual(Array(4).fill(newest));
    const record = JSON.parse(await readFile(join(context.folder, "aws.json"), "utf8")) as object;
    expect(record).toMatchObject({ region: "us-east-1", images: { x86_64: newest } });
    const zones = new Set(
      (await world.machines()).map(({ Placement }) => Placement?.AvailabilityZone),
    );
    expect(zones.size).toBe(2);
    const [plane] = made;
    expect(plane?.publicAddress).toMatch(/^\d+\./);
    expect(plane?.reach).toMatchObject({ user: "ubuntu", host: plane?.publicAddress });
    expect(plane?.providerID).toMatch(/^aws:\/\/\/us-east-1[a-f]\/i-[0-9a-f]+$/);
    expect(await world.provider.list(context)).toEqual(made);
    expect(await world.provider.describe(context)).toMatchObject({ account: "123456789012" });
  });

  test("C1 have encrypted gp3 disks, IMDSv2 and client tokens, all asked for in the one call", async () => {
    await world.ensure(
      await world.context({ workers: 1, settings: { osDiskSize: 40, spot: true } }),
    );
    const [plane, worker] = world.launches();
    for (const call of [plane, worker]) {
      expect(call?.get("MetadataOptions.HttpTokens")).toBe("required");
      expect(call?.get("BlockDeviceMapping.1.DeviceName")).toBe("/dev/sda1");
      expect(call?.get("BlockDeviceMapping.1.Ebs.Encrypted")).toBe("true");
      expect(call?.get("BlockDeviceMapping.1.Ebs.VolumeType")).toBe("gp3");
      expect(call?.get("BlockDeviceMapping.1.Ebs.VolumeSize")).toBe("40");
      expect(call?.get("ClientToken")).toMatch(/^[0-9a-f]{48}$/);
    }
    expect(plane?.get("ClientToken")).not.toBe(worker?.get("ClientToken"));
    expect(plane?.get("InstanceMarketOptions.MarketType")).toBeNull();
    expect(worker?.get("InstanceMarketOptions.MarketType")).toBe("spot");
  });

  test("C1 of a second run are the same, and one that is gone or stopped comes back", async () => {
    const context = await world.context({ workers: 2 });
    const made = await world.ensure(context);
    const before = await world.tagged("dev");
    expect(await world.ensure(context)).toEqual(made);
    expect(await world.tagged("dev")).toEqual(before);
    const node = (await world.machines()).find(({ Tags }) => tagOf(Tags, "Name") === "dev-node-2");
    const InstanceIds = [node?.InstanceId ?? ""];
    await world.ec2.send(new StopInstancesCommand({ InstanceIds }));
    expect(await world.provider.list(context)).toHaveLength(2);
    expect((await world.ensure(context)).map(({ name }) => name)).toContain("dev-node-2");
    expect((await world.provider.remove(context, ["dev-node-1"])).left).toEqual([]);
    expect((await world.provider.list(context)).map(({ name }) => name)).toEqual([
      "dev-master",
      "dev-node-2",
    ]);
    const again = await world.ensure(context);
    expect(again.map(({ name }) => name)).toEqual(["dev-master", "dev-node-1", "dev-node-2"]);
    expect((await world.tagged("dev")).length).toBe(before.length);
  });

  test("C1 come back although the record is lost and the token's machine is terminated", async () => {
    const context = await world.context({ workers: 1 });
    await world.ensure(context);
    await world.provider.remove(context, ["dev-node-1"]);
    const elsewhere = await world.context({ workers: 1, uid: context.uid! });
    const again = await world.ensure(elsewhere);
    expect(again.map(({ name }) => name)).toEqual(["dev-master", "dev-node-1"]);
    expect(await world.machines()).toHaveLength(2);
  });
});

test("C3 the user's public key is imported; the private one stays here", async () => {
  const plain = await world.context({});
  const key = await writeKey(plain.folder);
  const context = await world.context({ settings: { key } });
  const [plane] = await world.ensure(context);
  expect(plane?.reach).toMatchObject({ keyFile: key });
  const [call] = world.faults.calls.filter(({ action }) => action === "ImportKeyPair");
  const sent = Buffer.from(call?.parameters.get("PublicKeyMaterial") ?? "", "base64").toString();
  expect(sent).toMatch(/^ssh-ed25519 /);
  expect([...(call?.parameters.values() ?? [])].join()).not.toContain("not a key");
});

describe("C4 tags", () => {
  test("C4 are on everything in the call that makes it", async () => {
    await world.ensure(await world.context({ planes: 3, settings: { private: true } }));
    const makes = world.faults.calls.filter(({ action }) =>
      /^(Create(?!Route$)|RunInstances|AllocateAddress|ImportKeyPair|AuthorizeSec)/.test(action),
    );
    expect(makes.length).toBeGreaterThan(25);
    for (const { action, parameters } of makes) {
      const names = [...parameters.values()];
      for (const tag of [
        "clouder-cluster",
        "clouder-role",
        "datalayer.io/cluster",
        "datalayer.io/component",
      ]) {
        expect(names, action).toContain(tag);
      }
    }
    const launched = world.launches()[0];
    const types = [...(launched ?? [])].filter(([name]) => name.endsWith(".ResourceType"));
    expect(types.map(([, type]) => type)).toEqual(["instance", "volume", "network-interface"]);
    const { Volumes = [] } = await world.ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes.every(({ Tags }) => tagOf(Tags, "clouder-cluster") === "dev")).toBe(true);
    const [plane] = await world.machines();
    expect(tagOf(plane?.Tags, "datalayer.io/role")).toBe("control-plane");
    expect(tagOf(plane?.Tags, "datalayer.io/component")).toBe("kubeadm");
  });

  test("C4 tell clusters apart: dev never takes what is dev-master's, nor a foreign dev's", async () => {
    const other = await world.context({ name: "dev-master", workers: 1 });
    await world.ensure(other);
    const foreign = await world.context({ workers: 1 });
    await world.ensure(foreign);
    const context = await world.context({ workers: 1 });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({ code: "exists" });
    expect(await world.provider.list(context)).toEqual([]);
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(await world.provider.list(other)).toHaveLength(2);
    expect(await world.provider.list(foreign)).toHaveLength(2);
  });

  test("C4 what somebody else put into the cluster's VPC is named and never touched", async () => {
    const context = await world.context({ workers: 0 });
    await world.ensure(context);
    const vpcs = await world.ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: "tag:clouder-cluster", Values: ["dev"] }] }),
    );
    const VpcId = vpcs.Vpcs?.[0]?.VpcId;
    const made = await world.ec2.send(
      new CreateSecurityGroupCommand({ VpcId, GroupName: "theirs", Description: "theirs" }),
    );
    world.faults.rule = ({ action }) =>
      action === "DeleteVpc" ? { kind: "error", code: "DependencyViolation" } : undefined;
    const { left } = await world.provider.remove(context, "all");
    expect(left.find((one) => one.includes("theirs"))).toContain("not made by us");
    expect(left.find((one) => one.startsWith("VPC"))).toContain("DependencyViolation");
    expect(left).toHaveLength(2);
    const still = new DescribeSecurityGroupsCommand({ GroupIds: [made.GroupId ?? ""] });
    expect((await world.ec2.send(still)).SecurityGroups).toHaveLength(1);
  });
});

test("C5 control planes and workers have roles of their own; only control planes may use storage and load balancers", async () => {
  await world.ensure(await world.context({ workers: 1 }));
  const { Roles = [] } = await world.iam.send(new ListRolesCommand({}));
  const policies = async (role: string) => {
    const RoleName = Roles.find((one) => one.RoleName?.endsWith(role))?.RoleName;
    const answer = await world.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    return (answer.AttachedPolicies ?? []).map(({ PolicyName }) => PolicyName).sort();
  };
  expect(await policies("-control-plane")).toEqual([
    "AmazonEBSCSIDriverPolicy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ReadOnlyAccess",
    "AmazonSSMManagedInstanceCore",
    "ElasticLoadBalancingFullAccess",
  ]);
  expect(await policies("-worker")).toEqual([
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonSSMManagedInstanceCore",
  ]);
  const hops = world.launches().map((one) => one.get("MetadataOptions.HttpPutResponseHopLimit"));
  expect(hops).toEqual(["2", "1"]);
  const profiles = world.launches().map((one) => one.get("IamInstanceProfile.Name"));
  expect(new Set(profiles).size).toBe(2);
});

test("C2 machines that a person started in the VPC are no part of the cluster", async () => {
  const context = await world.context({ workers: 0 });
  await world.ensure(context);
  await world.ec2.send(
    new RunInstancesCommand({
      ImageId: newest,
      MinCount: 1,
      MaxCount: 1,
      InstanceType: "t3.micro",
    }),
  );
  expect(await world.provider.list(context)).toHaveLength(1);
  await world.provider.remove(context, "all");
  expect(await world.machines()).toHaveLength(1);
});
