import { DescribeInstancesCommand, type Instance } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProviderContext } from "#bootstrap/providers/provider";
import type { PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wantedMachines } from "#bootstrap/spec/machines";
import { startAwsWorld, type AwsWorld } from "./aws-world.ts";

/** Pools with a size of their own, or of spot machines. */

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const pool = (name: string, more: Partial<PoolSpec> = {}): PoolSpec => ({
  ...{ name, count: 1, labels: {}, taints: [], checkpoint: true },
  ...more,
});

async function contextWith(...pools: readonly PoolSpec[]): Promise<ProviderContext> {
  const context = await world.context({});
  return { ...context, spec: { ...context.spec, pools } };
}

const nameOf = ({ Tags }: Instance) => Tags?.find(({ Key }) => Key === "Name")?.Value;
async function instance(name: string): Promise<Instance | undefined> {
  const { Reservations = [] } = await world.ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances).find(
    (one) => nameOf(one) === name,
  );
}

test("H3 a pool's machines have its size and are spot machines where it says so", async () => {
  const gpus = pool("gpu-workers", { size: "g4dn.xlarge", spot: true });
  const context = await contextWith(pool("workers"), gpus);
  const wanted = wantedMachines(context.spec);
  await world.provider.preflight(context);
  await world.provider.ensure(context, wanted);
  expect(await instance("dev-node-2")).toMatchObject({
    ...{ InstanceType: "g4dn.xlarge", InstanceLifecycle: "spot" },
  });
  const plain = await instance("dev-node-1");
  expect(plain?.InstanceType).toBe("t3.large");
  expect(plain?.InstanceLifecycle).not.toBe("spot");
  const before = await world.tagged("dev");
  await world.provider.ensure(context, wanted);
  expect(await world.tagged("dev")).toEqual(before);
  const lines = world.provider.preview(context, wanted);
  expect(lines).toContainEqual(expect.stringMatching(/RunInstances dev-node-2 g4dn.xlarge, spot/));
  const cost = world.provider.cost?.(context, wanted);
  expect(cost?.unknown).toContain("g4dn.xlarge (spot) in us-east-1");
});

test("H3 a pool of a size that AWS does not have is refused before the first create", async () => {
  const context = await contextWith(pool("workers"), pool("others", { size: "Standard_NC6s_v3" }));
  await expect(world.provider.preflight(context)).rejects.toMatchObject({
    ...{ code: "config", message: expect.stringContaining("Standard_NC6s_v3") as string },
  });
  expect(await world.tagged("dev")).toEqual([]);
});
