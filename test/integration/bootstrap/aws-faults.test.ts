import { CreateVpcCommand } from "@aws-sdk/client-ec2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAwsProvider } from "#bootstrap/providers/aws/provider";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { silent } from "#core/report";
import type { CommandContext } from "#plugin/cli/command";
import info from "#plugin/commands/aws/info";
import regions from "#plugin/commands/aws/regions";
import vmLs from "#plugin/commands/aws/vm-ls";
import type { AwsCall, Fault } from "#test/lab/aws-faults";
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

const ensure = (context: ProviderContext) =>
  world.provider.ensure(context, wantedMachines(context.spec));
const refuse =
  (action: string, code: string, status = 400) =>
  (call: AwsCall): Fault | undefined =>
    call.action === action ? { kind: "error", code, status } : undefined;
const made = () =>
  world.faults.calls.filter(({ action }) => /^(Create|Run|Alloc|Import)/.test(action));

describe("weather", () => {
  test("C1 every third call throttled and every ninth broken off changes nothing of the outcome", async () => {
    const calm = await world.context({ workers: 1 });
    await ensure(calm);
    const wanted = (await world.tagged("dev")).map((one) => one.split(" ")[0]);
    await world.reset();
    // Weather, not a siege: every fifth call of an action gets through.
    const inARow = new Map<string, number>();
    const weather = ({ number, action }: AwsCall): Fault | undefined => {
      if (number % 3 === 0) return { kind: "error", code: "RequestLimitExceeded", status: 503 };
      if (number % 9 === 1) return { kind: "answer-lost" };
      return number % 9 === 4 && action.startsWith("Describe")
        ? { kind: "error", code: "InternalError", status: 500 }
        : undefined;
    };
    world.faults.rule = (call) => {
      const before = inARow.get(call.action) ?? 0;
      const fault = before < 4 ? weather(call) : undefined;
      inARow.set(call.action, fault === undefined ? 0 : before + 1);
      return fault;
    };
    const context = await world.context({ workers: 1 });
    await ensure(context);
    expect((await world.tagged("dev")).map((one) => one.split(" ")[0])).toEqual(wanted);
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  }, 240_000);

  test("C1 a throttle that never ends is told after a bounded number of tries", async () => {
    world.faults.rule = refuse("DescribeVpcs", "RequestLimitExceeded", 503);
    await expect(ensure(await world.context({}))).rejects.toMatchObject({ code: "busy" });
    expect(
      world.faults.calls.filter(({ action }) => action === "DescribeVpcs").length,
    ).toBeLessThan(20);
  });

  test("C5 an instance profile that is not known everywhere yet is waited for", async () => {
    let times = 4;
    world.faults.rule = ({ action }) =>
      action === "RunInstances" && (times -= 1) >= 0
        ? { kind: "error", code: "InvalidParameterValue" }
        : undefined;
    expect(await ensure(await world.context({ workers: 0 }))).toHaveLength(1);
  });

  test("C2 a load balancer that is still being made holds up neither machines nor its name, only who needs it", async () => {
    const context = await world.context({ workers: 0 });
    const untouched = world.faults.answered;
    let looks = 0;
    let provisioning = true;
    world.faults.answered = ({ action }, body) => {
      if (action !== "DescribeLoadBalancers") return body;
      looks += 1;
      return provisioning
        ? body.replaceAll("<Code>active</Code>", "<Code>provisioning</Code>")
        : body;
    };
    try {
      expect(await ensure(context)).toHaveLength(1);
      expect(await world.provider.apiAddress?.(context)).toMatchObject({
        loadBalancer: expect.stringMatching(/\.elb\..*:6443$/) as string,
      });
      const before = looks;
      let active = false;
      const waiting = world.provider.awaitApiAddress?.(context).then(() => {
        active = true;
      });
      await expect.poll(() => looks).toBeGreaterThan(before + 6);
      expect(active).toBe(false);
      provisioning = false;
      await waiting;
      expect(active).toBe(true);
    } finally {
      world.faults.answered = untouched;
    }
  });

  test("C2 what others still hold is tried again, pass after pass", async () => {
    const context = await world.context({ workers: 1 });
    await ensure(context);
    const holding = new Map([
      ["DeleteVpc", 3],
      ["DeleteSecurityGroup", 4],
      ["DeleteSubnet", 2],
      ["DetachInternetGateway", 2],
    ]);
    world.faults.rule = ({ action }) => {
      const left = holding.get(action) ?? 0;
      holding.set(action, left - 1);
      return left > 0 ? { kind: "error", code: "DependencyViolation" } : undefined;
    };
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  });

  test("C2 what cannot be deleted ends the delete, named with the reason", async () => {
    const context = await world.context({ workers: 0 });
    await ensure(context);
    world.faults.rule = refuse("DeleteVpc", "UnauthorizedOperation", 403);
    const { left } = await world.provider.remove(context, "all");
    expect(left).toEqual([
      expect.stringMatching(/^VPC vpc-\w+ \(dev-vpc; .*UnauthorizedOperation/),
    ]);
  });
});

describe("A12 errors tell the cure", () => {
  test("A12 no credentials: aws configure or aws sso login", async () => {
    delete process.env["AWS_ACCESS_KEY_ID"];
    const context = await world.context({});
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("locate credentials") as string,
      hint: expect.stringMatching(/aws configure.*aws sso login/) as string,
    });
  });

  test.each([
    ["AuthFailure", 401, "unauthenticated"],
    ["UnauthorizedOperation", 403, "denied"],
  ])("A12 %s: IAM permissions and region", async (code, status, expected) => {
    world.faults.rule = refuse("CreateVpc", code, status);
    await expect(world.provider.preflight(await world.context({}))).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining(code) as string,
      hint: expect.stringMatching(/IAM permission.*region/) as string,
    });
  });

  test("A12 a key pair that EC2 does not have is told before any network exists", async () => {
    const context = await world.context({
      settings: { keyPair: "mine", key: "/nowhere/mine.pem" },
    });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("mine") as string,
      hint: expect.stringContaining("import-key-pair") as string,
    });
    expect(made()).toEqual([]);
  });

  test("A12 a key without its public half is told with the command that writes it", async () => {
    const context = await world.context({ settings: { key: "/nowhere/key" } });
    await expect(world.provider.preflight(context)).rejects.toMatchObject({
      code: "config",
      hint: expect.stringContaining("ssh-keygen -y") as string,
    });
  });
});

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
    await ensure(context);
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
    await ensure(await world.context({ workers: 0 }));
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
    await ensure(await world.context({ workers: 1 }));
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
