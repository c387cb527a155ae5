import { describe, expect, test } from "vitest";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import { deleteOwnMachinesPlan, handBackMachinesPlan } from "#bootstrap/plans/delete-cluster";
import { chooseSteps, orderSteps } from "#bootstrap/plans/order";
import { previewPlan } from "#bootstrap/plans/preview";
import { clusterStep, contextFor, nodeStep } from "./plan.ts";

const noCluster = () => Promise.reject(new Error("no cluster"));
const planned = (keepsMachines: boolean) => ({ provider: { keepsMachines }, spec: { pools: [] } });
const done = () => Promise.resolve({});

describe("ordering a plan", () => {
  test.each([
    ["create-cluster", createClusterPlan(planned(false))],
    ["create-cluster on own machines", createClusterPlan(planned(true))],
    ["delete own machines", deleteOwnMachinesPlan({ connect: noCluster, force: false })],
    ["hand back machines", handBackMachinesPlan({ force: false })],
  ])("accepts the plan %s", (_name, plan) => {
    const order = orderSteps(plan).map(({ step }) => step.id);
    expect(order).toHaveLength(plan.length);
    for (const { step, after } of orderSteps(plan)) {
      for (const id of after) expect(order.indexOf(id)).toBeLessThan(order.indexOf(step.id));
    }
  });

  test.each([
    ["a circle", [clusterStep("a", { after: ["b"] }), clusterStep("b", { after: ["a"] })]],
    ["a need that nobody gives", [clusterStep("a", { needs: ["endpoint"] })]],
    ["an unknown predecessor", [clusterStep("a", { after: ["z"] })]],
    ["two steps of one id", [clusterStep("a", {}), clusterStep("a", {})]],
  ])("rejects %s as a bug of ours", (_name, plan) => {
    expect(() => orderSteps(plan)).toThrow(expect.objectContaining({ code: "internal" }) as Error);
  });
});

describe("what a machine waits for until it is proven", () => {
  /** Steps of all machines, found on the way back from `prove`. */
  const barriers = (keepsMachines: boolean) => {
    const order = orderSteps(createClusterPlan(planned(keepsMachines)));
    const found = new Set<string>();
    const visit = (id: string): void => {
      const one = order.find(({ step }) => step.id === id);
      if (one?.step.scope === "cluster" && one.step.needs.includes("hosts")) found.add(id);
      one?.after.forEach(visit);
    };
    visit("prove");
    return [...found];
  };

  test("no other one, where the machines were made for the cluster", () => {
    expect(barriers(false)).toEqual([]);
  });

  test("all to be looked at, where they are the user's own", () => {
    expect(barriers(true)).toEqual(["compare-hosts"]);
  });
});

describe("choosing steps", () => {
  const plan = [
    clusterStep("connect", { gives: ["nodes"] }),
    clusterStep("facts", { needs: ["nodes"], gives: ["settings"] }),
    nodeStep("containerd", { needs: ["settings"] }, done),
    nodeStep("criu", {}, done),
  ];

  test("only one step brings along those that give it facts", () => {
    expect([...chooseSteps(plan, { only: "containerd" })].sort()).toEqual([
      "connect",
      "containerd",
      "facts",
    ]);
  });

  test("skipping leaves the rest", () => {
    expect([...chooseSteps(plan, { skip: ["criu"] })]).not.toContain("criu");
  });

  test("refuses to skip what a later step needs to know, and names it", () => {
    expect(() => chooseSteps(plan, { skip: ["facts"] })).toThrow(
      expect.objectContaining({ code: "usage", hint: 'do not skip "facts"' }) as Error,
    );
  });

  test("refuses an unknown step and lists the known ones", () => {
    expect(() => chooseSteps(plan, { only: "prove" })).toThrow(
      expect.objectContaining({
        code: "usage",
        hint: expect.stringContaining("connect, facts, containerd, criu") as string,
      }) as Error,
    );
  });

  test("a preview tells every step with its scope and lines", () => {
    expect(previewPlan(plan, contextFor(), { only: "criu" })).toEqual([
      { step: "connect", title: "do connect", scope: "cluster", lines: ["preview of connect"] },
      { step: "criu", title: "do criu", scope: "every node", lines: ["preview of criu"] },
    ]);
  });
});
