import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

const refuse =
  (action: string, code: string, status = 400) =>
  (call: AwsCall): Fault | undefined =>
    call.action === action ? { kind: "error", code, status } : undefined;
const made = () =>
  world.faults.calls.filter(({ action }) => /^(Create|Run|Alloc|Import)/.test(action));

describe("weather", () => {
  test("C1 every third call throttled and every ninth broken off changes nothing of the outcome", async () => {
    const calm = await world.context({ workers: 1 });
    await world.ensure(calm);
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
    await world.ensure(context);
    expect((await world.tagged("dev")).map((one) => one.split(" ")[0])).toEqual(wanted);
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  }, 240_000);

  test("C1 a throttle that never ends is told after a bounded number of tries", async () => {
    world.faults.rule = refuse("DescribeVpcs", "RequestLimitExceeded", 503);
    await expect(world.ensure(await world.context({}))).rejects.toMatchObject({ code: "busy" });
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
    expect(await world.ensure(await world.context({ workers: 0 }))).toHaveLength(1);
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
      expect(await world.ensure(context)).toHaveLength(1);
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
    await world.ensure(context);
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
    await world.ensure(context);
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
