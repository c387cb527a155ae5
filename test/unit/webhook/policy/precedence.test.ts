import { describe, expect, it } from "vitest";
import { fromPodDefault } from "#webhook/policy/pod-default";
import { byPrecedence, policyName } from "#webhook/policy/precedence";
import { cluster, namespaced } from "#test/unit/webhook/policy/scene";

const podDefault = (name: string) =>
  fromPodDefault({
    apiVersion: "kubeflow.org/v1alpha1",
    kind: "PodDefault",
    metadata: { name, namespace: "work" },
    spec: { selector: {} },
  });

describe("precedence", () => {
  it("is by priority, then the namespace's before the cluster's, then by name", () => {
    const policies = [
      cluster({ priority: -1 }, "a"),
      cluster({}, "a"),
      podDefault("a"),
      namespaced({}, "c"),
      namespaced({ priority: 0 }, "b"),
      cluster({ priority: 5 }, "z"),
    ];
    expect(policies.sort(byPrecedence).map(policyName)).toEqual([
      "ClusterInjectionPolicy/z",
      "InjectionPolicy/work/b",
      "InjectionPolicy/work/c",
      "PodDefault/work/a",
      "ClusterInjectionPolicy/a",
      "ClusterInjectionPolicy/a",
    ]);
  });

  it("names are compared as bytes, not by any language's rules", () => {
    const names = [
      namespaced({}, "a-b"),
      namespaced({}, "a.b"),
      namespaced({}, "a0"),
      namespaced({}, "B"),
    ];
    expect(names.sort(byPrecedence).map(({ metadata }) => metadata.name)).toEqual([
      "B",
      "a-b",
      "a.b",
      "a0",
    ]);
  });
});
