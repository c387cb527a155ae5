import { expect, it } from "vitest";
import type { InjectionPolicy, InjectionPolicySpec } from "#webhook/api/types";
import { explain } from "#webhook/explain";
import type { InjectionWorld } from "#webhook/policy/request";
import { podOf } from "./injection/wishing.ts";

function policy(name: string, spec: InjectionPolicySpec): InjectionPolicy {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name },
    spec,
  };
}

const env = (name: string, value: string) => ({
  name: `item-${name.toLowerCase()}`,
  env: [{ name, value }],
});

const policies = [
  policy("low", { inject: [env("A", "low"), env("B", "low")] }),
  policy("high", { priority: 10, inject: [env("A", "high")] }),
  policy("other", { match: { podSelector: { matchLabels: { no: "pod" } } }, inject: [] }),
];

const world: InjectionWorld = {
  policies: () => policies,
  namespaceLabels: () => Promise.resolve({}),
  serviceAccountLabels: () => Promise.resolve({}),
  secrets: () => [],
  mayUse: () => Promise.resolve(false),
};
const carol = { username: "carol", groups: [] };

it("says which policies match and why not, in order of precedence, and whose each item is", async () => {
  const pod = podOf({ env: [{ name: "B", value: "own" }] });
  const found = await explain(pod, "ns", carol, world);
  expect(found.policies.map(({ policy: name, matched }) => [name, matched])).toEqual([
    ["ClusterInjectionPolicy/high", true],
    ["ClusterInjectionPolicy/low", true],
    ["ClusterInjectionPolicy/other", false],
  ]);
  expect(found.items).toEqual([
    {
      where: "containers/main env A",
      result: "injected",
      policy: "ClusterInjectionPolicy/high",
      item: "item-a",
    },
    {
      where: "containers/main env A",
      result: "skipped",
      policy: "ClusterInjectionPolicy/low",
      item: "item-a",
      reason: "ClusterInjectionPolicy/high/item-a comes first",
    },
    {
      where: "containers/main env B",
      result: "kept",
      policy: "ClusterInjectionPolicy/low",
      item: "item-b",
      reason: "the container has another value",
    },
  ]);
});

it("shows the pod before and after, and changes neither the pod nor the patch", async () => {
  const pod = podOf({ env: [{ name: "B", value: "own" }] });
  const { before, after, patch } = await explain(pod, "ns", carol, world);
  expect(before).toBe(pod);
  expect(pod).toEqual(podOf({ env: [{ name: "B", value: "own" }] }));
  expect(after.spec.containers[0]?.env).toEqual([
    { name: "A", value: "high" },
    { name: "B", value: "own" },
  ]);
  expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual([
    "add /metadata/annotations",
    "add /spec/containers/0/env/0",
  ]);
  expect(after.metadata.annotations).toEqual({
    "clouder.datalayer.io/injected": "ClusterInjectionPolicy/high/item-a",
  });
});

it("a refused pod stays as it is, and the reason is there", async () => {
  const strict = policy("strict", { conflict: "Refuse", inject: [env("B", "x")] });
  const pod = podOf({ env: [{ name: "B", value: "own" }] });
  const found = await explain(pod, "ns", carol, { ...world, policies: () => [strict] });
  expect(found.allowed).toBe(false);
  expect(found.refusal).toContain("ClusterInjectionPolicy/strict/item-b");
  expect(found.after).toEqual(pod);
});
