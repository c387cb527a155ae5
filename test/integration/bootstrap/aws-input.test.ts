import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import { planCluster } from "#bootstrap/plan-cluster";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { ClouderError } from "#core/error";
import { silent } from "#core/report";
import { writeEmptyBundle } from "#test/fixtures/bundle";
import { startAwsWorld, type AwsWorld } from "./aws-world.ts";

/** What users get wrong, or what has changed under them: told with the cure, and nothing is made. */

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const made = () =>
  world.faults.calls.filter(
    ({ action, parameters }) =>
      /^(Create|Run|Alloc|Import|Delete|Terminate|Revoke|Authorize|Modify)/.test(action) &&
      parameters.get("DryRun") !== "true",
  );
const refused = async (context: ProviderContext): Promise<Record<string, unknown>> => {
  const error: unknown = await world.provider.preflight(context).then(
    () => ({ code: "none" }),
    (reason: unknown) => reason,
  );
  expect(made()).toEqual([]);
  return error as Record<string, unknown>;
};

describe("C1 refuses before anything is made:", () => {
  test("C1 a region that there is not: its host has no address", async () => {
    const endpoint = process.env["AWS_ENDPOINT_URL"];
    process.env["AWS_ENDPOINT_URL"] = "http://us-east-9.invalid";
    try {
      const error = await refused(await world.context({ settings: { region: "us-east-9" } }));
      expect(error["code"]).toBe("unreachable");
      expect(error["hint"]).toContain("the region's name");
    } finally {
      process.env["AWS_ENDPOINT_URL"] = endpoint;
    }
  });

  test("C1 a region that the account has not switched on", async () => {
    world.faults.rule = ({ action }) =>
      action === "GetCallerIdentity"
        ? { kind: "error", code: "InvalidClientTokenId", status: 403 }
        : undefined;
    const error = await refused(await world.context({ settings: { region: "us-east-9" } }));
    expect(error["code"]).toBe("unauthenticated");
    expect(error["hint"]).toContain("us-east-9");
  });

  test("C1 a token that has expired", async () => {
    world.faults.rule = ({ action }) =>
      action === "GetCallerIdentity"
        ? { kind: "error", code: "ExpiredToken", status: 403 }
        : undefined;
    const error = await refused(await world.context({}));
    expect(error["code"]).toBe("unauthenticated");
    expect(error["hint"]).toContain("aws sso login");
  });

  test("C1 a token that expires in the middle of a create, which goes on with a new one", async () => {
    const context = await world.context({ workers: 1 });
    world.faults.rule = ({ action }) =>
      action === "RunInstances"
        ? { kind: "error", code: "RequestExpired", status: 400 }
        : undefined;
    const ensure = () => world.provider.ensure(context, wantedMachines(context.spec));
    await expect(ensure()).rejects.toMatchObject({ code: "unauthenticated" });
    world.faults.rule = () => undefined;
    expect(await ensure()).toHaveLength(2);
    const machines = (await world.tagged("dev")).filter((one) => one.startsWith("machine "));
    expect(machines).toHaveLength(2);
  });

  test("C1 a size that no two zones offer", async () => {
    world.faults.rule = ({ action }) =>
      action === "DescribeInstanceTypeOfferings"
        ? {
            kind: "answer",
            body: "<DescribeInstanceTypeOfferingsResponse><instanceTypeOfferingSet><item><instanceType>t3.large</instanceType><locationType>availability-zone</locationType><location>us-east-1a</location></item></instanceTypeOfferingSet></DescribeInstanceTypeOfferingsResponse>",
          }
        : undefined;
    const error = await refused(await world.context({}));
    expect(error["code"]).toBe("refused");
    expect(error["message"]).toContain("fewer than two zones");
  });

  test("C1 subnets of the user's that are too small", async () => {
    const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: "10.50.0.0/16" }));
    const subnets = await Promise.all(
      ["a", "b"].map(async (zone, index) => {
        const { Subnet } = await world.ec2.send(
          new CreateSubnetCommand({
            ...{ VpcId: Vpc?.VpcId, CidrBlock: `10.50.${index}.0/28` },
            AvailabilityZone: `us-east-1${zone}`,
          }),
        );
        return Subnet?.SubnetId ?? "";
      }),
    );
    const settings = { vpc: Vpc?.VpcId, subnets };
    const error = await refused(await world.context({ workers: 7, settings }));
    expect(error["code"]).toBe("config");
    expect(error["message"]).toMatch(/subnet-\w+ has 11 free addresses, 12 are needed/);
    expect(await refused(await world.context({ workers: 2, settings }))).toEqual({ code: "none" });
  });

  test("C1 plan tells it as create does, before the first call that makes something", async () => {
    const home = await mkdtemp(join(tmpdir(), "clouder-plan-"));
    const settings = {
      ...{ region: "us-east-1", workerSize: "m99.mega", private: true },
    };
    const request = {
      ...{ home, flags: { bundle: await writeEmptyBundle(home) } },
      document: JSON.stringify({
        ...{ apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" },
        ...{ metadata: { name: "dev" }, spec: { provider: { name: "aws", settings } } },
      }),
    };
    const around = { report: silent, clock: world.clock, environment: {} };
    const told = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason as ClouderError,
      );
      return { code: error?.code, message: error?.message, hint: error?.hint };
    };
    const plan = await told(
      planCluster(request, around, () => Promise.reject(new Error("there is no cluster"))),
    );
    expect(plan.code).toBe("config");
    expect(plan.message).toContain("m99.mega");
    expect(await readdir(home)).toEqual(["bundle"]);
    expect(plan).toEqual(await told(createCluster(request, around)));
    expect(made()).toEqual([]);
    await rm(home, { recursive: true });
  });

  test("C4 a name that another cluster has, which is never touched", async () => {
    const other = await world.context({ workers: 0 });
    await world.provider.ensure(other, wantedMachines(other.spec));
    const before = await world.tagged("dev");
    world.faults.reset();
    const context = await world.context({ workers: 0 });
    const error = await refused(context);
    expect(error["code"]).toBe("exists");
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual(before);
  });
});
