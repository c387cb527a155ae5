import { describe, expect, it } from "vitest";
import { inject } from "#webhook/injection/inject";
import type { InjectionPolicy, InjectionPolicySpec } from "#webhook/api/types";
import type { Injection } from "#webhook/injection/wish";
import { decide, namespaced, pod, request } from "#test/unit/webhook/policy/scene";

const one = { name: "A", value: "1" };
const two = { name: "A", value: "2" };
type Variables = readonly { readonly name: string; readonly value: string }[];

const preset = (name: string, ...env: Variables): InjectionPolicy => {
  const spec: InjectionPolicySpec = { mergeMode: "PodPreset", inject: [{ name: "env", env }] };
  return namespaced(spec, name);
};

/** What becomes of a container with these variables. */
async function merge(own: Variables, ...policies: readonly InjectionPolicy[]): Promise<Injection> {
  const of = pod({}, {}, [{ name: "main", image: "i", env: own }]);
  const { wishes } = await decide({ policies }, request(of));
  return inject(of, wishes);
}

describe("merging as PodPreset did", () => {
  it("without a conflict everything is added", async () => {
    const { operations } = await merge([{ name: "B", value: "b" }], preset("p", one));
    expect(operations).toEqual([{ op: "add", path: "/spec/containers/0/env/-", value: one }]);
  });

  it("equal content is no conflict", async () => {
    expect((await merge([one], preset("p", one))).operations).toEqual([]);
  });

  it("one conflict leaves the whole pod as it was, and its creator is told", async () => {
    const others = preset("q", { name: "C", value: "c" });
    const { operations, outcomes, refusal } = await merge([two], preset("p", one), others);
    expect([operations, refusal]).toEqual([[], undefined]);
    expect(outcomes.filter(({ warn }) => warn === true)).toHaveLength(1);
  });

  it("two presets that differ are a conflict as well", async () => {
    expect((await merge([], preset("p", one), preset("q", two))).operations).toEqual([]);
  });
});
