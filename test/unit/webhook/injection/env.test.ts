import { describe, expect, it } from "vitest";
import { inject } from "#webhook/injection/inject";
import type { WishPart } from "#webhook/injection/wish";
import { applied, checked, injected } from "./law.ts";
import { env, podOf, podWith, wish, wishOf } from "./wishing.ts";

const secret = (name: string, rest: object = {}): WishPart => ({
  kind: "envFrom",
  source: { secretRef: { name }, ...rest },
});

describe("variables (M2)", () => {
  it("F11: injected ones come first, in order of precedence, so that the pod's own may refer to them", () => {
    const pod = podOf({ env: [{ name: "OWN", value: "$(HOME)/x" }] });
    const after = injected(pod, wish(env("HOME", "/h")), wish(env("B", "$(HOME)")));
    expect(after.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(["HOME", "B", "OWN"]);
  });

  it("F11: one that refers to a variable of the pod comes behind it, and what refers to that one, too", () => {
    const pod = podOf({ env: [{ name: "OWN", value: "1" }] });
    const wishes = [wish(env("A", "$(OWN)")), wish(env("B", "$(A)")), wish(env("C", "$(NO)"))];
    const after = injected(pod, ...wishes);
    const names = after.spec.containers[0]?.env?.map(({ name }) => name);
    expect(names).toEqual(["C", "OWN", "A", "B"]);
  });

  it("F10: of the pod's own duplicates the last one counts, and none is added", () => {
    const pod = podOf({
      env: [
        { name: "A", value: "1" },
        { name: "A", value: "2" },
      ],
    });
    expect(inject(pod, [wish(env("A", "2"))]).outcomes[0]?.result).toBe("present");
    expect(inject(pod, [wish(env("A", "1"))]).outcomes[0]?.result).toBe("kept");
    const after = injected(pod, wish(env("A", "3"), { conflict: "Override" }));
    expect(after.spec.containers[0]?.env?.map(({ value }) => value)).toEqual(["1", "3"]);
  });

  it("F5: a reference that came back with the API server's defaults is the injected one", () => {
    const wanted = { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };
    const fieldRef = { apiVersion: "v1", fieldPath: "spec.nodeName" };
    const pod = podOf({ env: [{ name: "NODE", valueFrom: { fieldRef } }] });
    expect(inject(pod, [wish({ kind: "env", env: wanted })]).operations).toEqual([]);
  });

  it.each(["PATH", "LD_PRELOAD", "KUBERNETES_SERVICE_HOST"])(
    "F12: %s is left alone unless the policy allows it (M1)",
    (name) => {
      const skipped = checked(podOf({}), [wish(env(name, "x"))]);
      expect(skipped.operations).toEqual([]);
      expect(skipped.outcomes[0]).toMatchObject({ result: "skipped", warn: true });
      const allowed = checked(podOf({}), [wish(env(name, "x"), { allowReserved: [name] })]);
      expect(allowed.outcomes[0]?.result).toBe("injected");
    },
  );

  it.each([
    ["Keep", "kept", undefined],
    ["SkipAndWarn", "skipped", true],
  ] as const)("%s: the pod's own value stays", (conflict, result, warn) => {
    const pod = podOf({ env: [{ name: "A", value: "own" }] });
    const { operations, outcomes } = checked(pod, [wish(env("A", "x"), { conflict })]);
    expect(operations).toEqual([]);
    expect(outcomes[0]?.result).toBe(result);
    expect(outcomes[0]?.warn).toBe(warn);
    expect(JSON.stringify(outcomes)).not.toContain("own");
  });

  it("Override: one replacement, in the variable's place", () => {
    const pod = podOf({
      env: [
        { name: "A", value: "own" },
        { name: "B", value: "1" },
      ],
    });
    const { operations } = checked(pod, [wish(env("A", "x"), { conflict: "Override" })]);
    const value = { name: "A", value: "x" };
    expect(operations).toEqual([{ op: "replace", path: "/spec/containers/0/env/0", value }]);
  });

  it("Refuse: the pod is refused with a message that names place and policy, and no value", () => {
    const pod = podOf({ env: [{ name: "A", value: "own" }] });
    const { refusal, operations } = inject(pod, [wish(env("A", "s3cret"), { conflict: "Refuse" })]);
    expect(operations).toEqual([]);
    expect(refusal).toMatch(/containers\/main env A: .* \(wanted by InjectionPolicy\/ns\/p\/item/);
    expect(refusal).not.toMatch(/s3cret|own/);
  });

  it("F9: replacements and insertions in one list apply to the right elements", () => {
    const pod = podOf({
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
    });
    const wishes = [
      wish(env("N", "new")),
      wish(env("B", "x"), { conflict: "Override" }),
      wish(env("L", "$(A)")),
    ];
    const after = applied(pod, inject(pod, wishes).operations);
    const shown = after.spec.containers[0]?.env?.map(({ name, value }) => [name, value].join("="));
    expect(shown).toEqual(["N=new", "A=1", "B=x", "L=$(A)"]);
  });
});

describe("differing wishes of two policies", () => {
  const two = (mergeMode: "Priority" | "PodDefault" | "PodPreset") => [
    wishOf("high", env("A", "1"), { mergeMode }),
    wishOf("low", env("A", "2"), { mergeMode }),
    wishOf("low", env("B", "2"), { mergeMode }),
  ];

  it("Priority: the first one wins", () => {
    const { after, outcomes } = checked(podOf({}), two("Priority"));
    expect(after.spec.containers[0]?.env).toEqual([
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ]);
    expect(outcomes.map(({ result }) => result)).toEqual(["injected", "skipped", "injected"]);
  });

  it("Priority: a second policy that would refuse what the first one injects never does, first or second time", () => {
    const wishes = [
      wishOf("high", env("A", "1")),
      wishOf("low", env("A", "2"), { conflict: "Refuse" }),
    ];
    expect(checked(podOf({}), wishes).refusal).toBeUndefined();
  });

  it("PodDefault: the pod is refused", () => {
    expect(inject(podOf({}), two("PodDefault")).refusal).toContain("wants another value");
  });

  it("PodPreset: none of them touches the pod, one warning, and the others' wishes are met", () => {
    const wishes = [...two("PodPreset"), wishOf("other", env("C", "3"))];
    const { after, outcomes } = checked(podOf({}), wishes);
    expect(after.spec.containers[0]?.env).toEqual([{ name: "C", value: "3" }]);
    expect(outcomes.filter(({ warn }) => warn === true)).toHaveLength(1);
  });

  it("PodPreset: a conflict with the pod's own leaves it untouched, too; the same value is none", () => {
    const pod = podOf({ env: [{ name: "A", value: "own" }] });
    const preset = (value: string) => [
      wish(env("A", value), { mergeMode: "PodPreset" }),
      wish(env("B", "1"), { mergeMode: "PodPreset" }),
    ];
    expect(checked(pod, preset("other")).operations).toEqual([]);
    expect(checked(pod, preset("own")).operations).toHaveLength(1);
  });
});

describe("envFrom (M1)", () => {
  const names = (pod: ReturnType<typeof podOf>) =>
    (pod.spec.containers[0]?.["envFrom"] as { secretRef: { name: string } }[]).map(
      ({ secretRef }) => secretRef.name,
    );

  it("F11: comes before the pod's own, which wins; the first policy's last, each policy's in its order", () => {
    const pod = podOf({ envFrom: [{ secretRef: { name: "own" } }] });
    const after = injected(
      pod,
      wishOf("high", secret("h1")),
      wishOf("high", secret("h2")),
      wishOf("low", secret("l1")),
      wishOf("low", secret("l2")),
    );
    expect(names(after)).toEqual(["l1", "l2", "h1", "h2", "own"]);
  });

  it("F11: with Override it comes behind, and in Kubeflow's mode in Kubeflow's order", () => {
    const pod = podOf({ envFrom: [{ secretRef: { name: "own" } }] });
    expect(names(injected(pod, wish(secret("s"), { conflict: "Override" })))).toEqual(["own", "s"]);
    const mergeMode = "PodDefault";
    const both = [wishOf("a", secret("a"), { mergeMode }), wishOf("b", secret("b"), { mergeMode })];
    expect(names(injected(pod, ...both))).toEqual(["own", "a", "b"]);
  });

  it("F5: the same source is not added twice, whoever brought it; another prefix makes another one", () => {
    const pod = podOf({ envFrom: [{ prefix: "", secretRef: { name: "s", optional: false } }] });
    expect(checked(pod, [wish(secret("s")), wish(secret("s"))]).operations).toEqual([]);
    expect(checked(pod, [wish(secret("s", { prefix: "P_" }))]).operations).toHaveLength(1);
  });
});

it("F16: whatever is no pod's own list is left as it is: unknown fields stay", () => {
  const pod = podWith({ newField: { a: [1, null] }, containers: [{ name: "c", newer: { b: 1 } }] });
  const after = injected(pod, wish(env("A", "1")));
  expect(after.spec["newField"]).toEqual({ a: [1, null] });
  expect(after.spec.containers[0]?.["newer"]).toEqual({ b: 1 });
});
