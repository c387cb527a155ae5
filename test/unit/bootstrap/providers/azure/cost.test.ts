import { expect, test } from "vitest";
import { costOf } from "#bootstrap/providers/azure/cost";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";

const cost = (settings: Record<string, unknown>) => {
  const spec = loadSpec({
    flags: { name: "dev", provider: "azure", workers: 2, settings },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  return costOf({ spec }, wantedMachines(spec));
};
const counts = (settings: Record<string, unknown>) =>
  Object.fromEntries(cost(settings).parts.map(({ what, count }) => [what, count]));

test("the cost of a cluster is the sum of what Azure counts by the hour, with its day", () => {
  const { asOf, perHour, perMonth, parts, unknown } = cost({ region: "eastus" });
  expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(unknown).toEqual([]);
  expect(parts[0]).toEqual({ what: "Standard_B4ms in eastus", count: 3, perHour: 0.498 });
  expect(parts[1]).toEqual({ what: "100 GB Premium SSD", count: 3, perHour: 0.081 });
  expect(perHour).toBeCloseTo(
    parts.reduce((sum, part) => sum + part.perHour, 0),
    4,
  );
  expect(perMonth).toBe(Math.round(perHour * 730));
});

test("load balancers, gateways and addresses are counted as they are made", () => {
  const disk = { "Standard_B4ms in eastus": 3, "100 GB Premium SSD": 3 };
  expect(counts({ region: "eastus" })).toEqual({
    ...disk,
    "load balancer": 2,
    "public address": 4,
  });
  expect(counts({ region: "eastus", private: true })).toEqual({
    ...disk,
    ...{ "load balancer": 1, "NAT gateway": 1, "public address": 1 },
  });
});

test("what has no price is named and not guessed", () => {
  expect(cost({ region: "francecentral" })).toMatchObject({ perHour: 0 });
  expect(cost({ region: "eastus", workerSize: "Standard_X9" }).unknown).toEqual([
    "Standard_X9 in eastus",
  ]);
  expect(cost({ region: "eastus", spot: true }).unknown).toEqual([
    "Standard_B4ms (spot) in eastus",
  ]);
  expect(cost({}).unknown[0]).toContain("not named");
});
