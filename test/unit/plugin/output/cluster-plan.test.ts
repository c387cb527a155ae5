import { expect, test } from "vitest";
import type { ClusterPlan } from "#bootstrap/plan-cluster";
import { planResult } from "#plugin/output/cluster-plan";

const plan: ClusterPlan = {
  ...{ name: "lab", provider: "aws" },
  differences: [
    {
      ...{ object: "machine/lab-node-2", change: "create" },
      fields: [{ field: "pool", after: "workers" }],
    },
    {
      ...{ object: "node/lab-node-1", change: "update" },
      fields: [{ field: "ready", before: "Unknown", after: "True" }],
    },
    {
      ...{ object: "cluster/lab", change: "refused", cure: "make another" },
      fields: [{ field: "spec.network.podCIDR", before: "10.1.0.0/16", after: "10.2.0.0/16" }],
    },
  ],
  steps: [
    {
      ...{ step: "containerd", title: "configure containerd", scope: "every node" },
      ...{ lines: ["systemctl restart containerd"], hosts: ["lab-node-2"] },
    },
  ],
  cost: {
    ...{ asOf: "2026-11-21", currency: "USD", perHour: 0.25, perMonth: 183 },
    parts: [{ what: "t3.large in us-east-1", count: 3, perHour: 0.25 }],
    ...{ unknown: ["x9.huge in us-east-1"] },
  },
};

test("a plan shows fields, steps with their machines, and cost; its status is kubectl diff's", () => {
  const { text, exitCode, object } = planResult(plan);
  expect(text).toBe(
    `+ machine/lab-node-2
    pool: workers
~ node/lab-node-1
    ready: Unknown -> True
! cluster/lab
    spec.network.podCIDR: 10.1.0.0/16 -> 10.2.0.0/16
    cannot be changed in place: make another

steps:
  containerd (lab-node-2): configure containerd
      systemctl restart containerd

cost of the whole cluster: about 0.250 USD an hour, 183 USD a month (an estimate by list prices of 2026-11-21, no guarantee; without x9.huge in us-east-1: no price is known)

1 to create, 1 to update, 1 refused`,
  );
  expect(exitCode).toBe(1);
  expect(object).toBe(plan);
});

test("nothing to do is said and ends with 0", () => {
  const { cost, ...rest } = plan;
  expect(cost?.asOf).toBeDefined();
  expect(planResult({ ...rest, differences: [], steps: [] })).toMatchObject({
    ...{ text: "cluster lab: nothing to do", exitCode: 0, names: [] },
  });
});

test("a user's own prices are told with their day, and what has none with the way to give one", () => {
  const base = { ...{ asOf: "2026-11-21", currency: "EUR" }, ...{ perHour: 0.2, perMonth: 146 } };
  const parts = [
    { ...{ what: "x9.huge in us-east-1", count: 1, perHour: 0.2 }, own: true as const },
  ];
  const own = { ...base, ownAsOf: "2026-12-01", parts, unknown: [] };
  expect(planResult({ ...plan, cost: own }).text).toContain(
    "about 0.200 EUR an hour, 146 EUR a month (an estimate by your own of 2026-12-01, no guarantee)",
  );
  const none = { ...base, perHour: 0, perMonth: 0, parts: [], unknown: ["x9.huge in us-east-1"] };
  expect(planResult({ ...plan, cost: none }).text).toContain(
    "no price is known; your own: --prices FILE with x9.huge in us-east-1",
  );
});
