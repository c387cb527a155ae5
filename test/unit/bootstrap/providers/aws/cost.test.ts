import { expect, test } from "vitest";
import { costOf } from "#bootstrap/providers/aws/cost";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";

const cost = (settings: Record<string, unknown>, environment = {}) => {
  const spec = loadSpec({
    flags: { name: "dev", provider: "aws", workers: 2, settings },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  return costOf({ spec, environment }, wantedMachines(spec));
};

test("the cost of a cluster is the sum of its machines, disks, addresses and balancers, with its day", () => {
  const { asOf, perHour, perMonth, parts, unknown } = cost({ region: "us-east-1" });
  expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(unknown).toEqual([]);
  expect(parts[0]).toEqual({ what: "t3.large in us-east-1", count: 3, perHour: 0.2496 });
  expect(perHour).toBeCloseTo(
    parts.reduce((sum, part) => sum + part.perHour, 0),
    4,
  );
  expect(perMonth).toBe(Math.round(perHour * 730));
});

test("what has no price is named and not guessed", () => {
  expect(cost({ region: "eu-north-1" })).toMatchObject({ perHour: 0 });
  expect(cost({ region: "us-east-1", workerSize: "x9.huge" }).unknown).toEqual([
    "x9.huge in us-east-1",
  ]);
  expect(cost({ region: "us-east-1", spot: true }).unknown).toEqual([
    "t3.large (spot) in us-east-1",
  ]);
  expect(cost({}).unknown[0]).toContain("not named");
  expect(cost({}, { AWS_REGION: "us-west-2" }).unknown).toEqual([]);
});
