import { CreateVpcCommand } from "@aws-sdk/client-ec2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAwsProvider } from "#bootstrap/providers/aws/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { silent } from "#core/report";
import type { CommandContext } from "#plugin/cli/command";
import info from "#plugin/commands/aws/info";
import regions from "#plugin/commands/aws/regions";
import vmLs from "#plugin/commands/aws/vm-ls";
import { startAwsWorld, type AwsWorld } from "./aws-world.ts";

let world: AwsWorld;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  world = await startAwsWorld();
  environment = { ...process.env };
});
beforeEach(() => world.reset());
afterEach(() => {
  process.env = { ...environment };
});
afterAll(() => world.close());

const made = () =>
  world.faults.calls.filter(({ action }) => /^(Create|Run|Alloc|Import)/.test(action));

describe("A10 credentials", () => {
  test("A10 that end soon are refused before a long run", async () => {
    process.env["AWS_SESSION_TOKEN"] = "session";
    process.env["AWS_CREDENTIAL_EXPIRATION"] = new Date(
      world.clock.now() + 4 * 60_000,
    ).toISOString();
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "unauthenticated",
      hint: expect.stringContaining("aws sso login") as string,
    });
  });

  test("A10 of another account are refused where the cluster is, and its region is kept", async () => {
    const context = await world.context({ workers: 0 });
    await world.ensure(context);
    const elsewhere = { ...context, environment: { AWS_DEFAULT_REGION: "eu-west-1" } };
    expect(await world.provider.list(elsewhere)).toHaveLength(1);
    const account = "<Account>210987654321</Account><Arn>arn:aws:iam::210987654321:user/x</Arn>";
    world.faults.rule = ({ action }) =>
      action === "GetCallerIdentity"
        ? {
            kind: "answer",
            body: `<GetCallerIdentityResponse><GetCallerIdentityResult>${account}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
          }
        : undefined;
    await expect(world.provider.remove(context, "all")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("210987654321") as string,
    });
    expect(await world.tagged("dev")).not.toEqual([]);
  });

  test("A10 no region anywhere is an error, not a silent default", async () => {
    const context = await world.context({ settings: { region: undefined } });
    const nowhere = { ...context, environment: {} };
    await expect(world.provider.preflight(nowhere)).rejects.toMatchObject({
      code: "config",
      hint: expect.stringContaining("--region") as string,
    });
    await expect(
      world.provider.preflight({ ...context, environment: { AWS_DEFAULT_REGION: "us-east-1" } }),
    ).resolves.toBeUndefined();
  });
});

describe("C1 what can be known is told before the first create:", () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ["a size that does not exist", { workerSize: "t3.gigantic" }, "config", /t3\.gigantic/],
    ["a zone that is not there", { zones: ["us-east-1a", "us-east-1z"] }, "config", /us-east-1z/],
    ["an overlap with the pods", { vpcCIDR: "10.244.0.0/16" }, "config", /pod network/],
    ["a VPC too small", { vpcCIDR: "10.0.0.0/24" }, "config", /room for 38/],
    [
      "a lock-out of this machine",
      { allowCIDRs: ["203.0.113.0/24"] },
      "refused",
      /198\.51\.100\.7/,
    ],
    [
      "a VPC that is not there",
      { vpc: "vpc-0123", subnets: ["subnet-01", "subnet-02"] },
      "not-found",
      /vpc-0123/,
    ],
    ["a region without the image", { image: "Debian12" }, "not-found", /Debian 12/],
  ])("C1 %s", async (_what, settings, code, message) => {
    const context = await world.context({ workers: 60, settings });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
    expect(made().filter(({ parameters }) => parameters.get("DryRun") !== "true")).toEqual([]);
  });

  test("C1 a quota of VPCs that is used up", async () => {
    for (const number of [1, 2, 3, 4]) {
      await world.ec2.send(new CreateVpcCommand({ CidrBlock: `10.${number}.0.0/16` }));
    }
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("VPCs") as string,
      details: expect.objectContaining({ limit: 5, wanted: 1 }) as object,
    });
  });

  test("C1 a quota of processors that does not suffice", async () => {
    world.faults.rule = ({ action, parameters }) =>
      action === "GetServiceQuota" && parameters.get("body")?.includes("L-1216C47A")
        ? { kind: "answer", body: JSON.stringify({ Quota: { Value: 5 } }) }
        : undefined;
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("vCPUs") as string,
      hint: expect.stringContaining("--quota-code L-1216C47A") as string,
    });
  });

  test("C1 the publisher's parameter names the image where there is one", async () => {
    world.faults.rule = ({ action, parameters }) =>
      action === "GetParameter" &&
      parameters.get("body")?.includes("/canonical/ubuntu/server/22.04/")
        ? {
            kind: "answer",
            body: JSON.stringify({ Parameter: { Value: "ami-00000000000000001" } }),
          }
        : undefined;
    await world.ensure(await world.context({ workers: 0 }));
    const [launch] = world.faults.calls.filter(({ action }) => action === "RunInstances");
    expect(launch?.parameters.get("ImageId")).toBe("ami-00000000000000001");
  });

  test("C2 nobody knows this machine's address and none is given", async () => {
    const provider = createAwsProvider({
      clock: world.clock,
      callerAddress: () => Promise.resolve(undefined),
      answersSsh: () => Promise.resolve(true),
    });
    await expect(provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("--allow-cidr") as string,
    });
  });

  test("C1 a machine that never answers over SSH is named, and the wait ends", async () => {
    const provider = createAwsProvider({
      clock: world.clock,
      callerAddress: () => Promise.resolve("198.51.100.7"),
      answersSsh: () => Promise.resolve(false),
    });
    const context = await world.context({ workers: 0 });
    const [machine] = await provider.ensure(context, wantedMachines(context.spec));
    if (!machine) throw new Error("a machine is expected");
    await expect(provider.awaitMachine?.(context, machine)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("dev-master") as string,
      hint: expect.stringContaining("--allow-cidr") as string,
    });
  });
});

describe("A11 commands", () => {
  const context: CommandContext = {
    signal: new AbortController().signal,
    report: silent,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    kube: () => Promise.reject(new Error("no cluster")),
    namespace: () => Promise.reject(new Error("no cluster")),
    confirm: () => Promise.resolve(false),
    askSecret: () => Promise.reject(new Error("nobody can answer")),
    environment: {},
  };

  test("A10 A11 aws info shows account, ARN and user id", async () => {
    const result = await info.execute({ flags: {}, args: {} }, context);
    expect(result?.object).toMatchObject({ account: "123456789012", region: "us-east-1" });
    expect(result?.text).toMatch(/account: +123456789012\narn: +arn:aws:\S+\nuser id: +\S+/);
  });

  test("A11 aws regions shows name, endpoint and opt-in", async () => {
    const result = await regions.execute({ flags: {}, args: {} }, context);
    expect(result?.object).toContainEqual({
      name: "us-east-1",
      endpoint: "ec2.us-east-1.amazonaws.com",
      optIn: "opt-in-not-required",
    });
  });

  test("A11 aws vm-ls --region us-east-1 lists that region's machines", async () => {
    await world.ensure(await world.context({ workers: 1 }));
    const here = await vmLs.execute({ flags: { region: "us-east-1" }, args: {} }, context);
    const rows = here?.object as readonly { name: string; cluster: string; state: string }[];
    expect(rows.map((one) => `${one.name} ${one.cluster} ${one.state}`).sort()).toEqual([
      "dev-master dev running",
      "dev-node-1 dev running",
    ]);
    const there = await vmLs.execute({ flags: { region: "us-west-2" }, args: {} }, context);
    expect(there?.object).toEqual([]);
  });
});
