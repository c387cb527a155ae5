import { describe, expect, it } from "vitest";
import { fromPodDefault } from "#webhook/policy/pod-default";
import { describeProblem, validatePolicy } from "#webhook/policy/validate";
import { cluster, namespaced } from "#test/unit/webhook/policy/scene";
import { wrongSpecs } from "#test/unit/webhook/policy/wrong-specs";

describe("a policy with a mistake", () => {
  it.each(wrongSpecs.map((wrong) => [wrong.what, wrong] as const))(
    "%s: is named with its place and the cure",
    (_what, { spec, path }) => {
      const [problem] = validatePolicy(namespaced(spec));
      expect(problem?.path).toBe(path);
      expect(problem?.problem).not.toBe("");
      expect(problem?.cure).not.toBe("");
    },
  );

  it("every mistake is told at once, not the first only", () => {
    const inject = [
      { name: "a", env: [{ name: "PATH", value: "1" }] },
      { name: "b", mounts: [{ name: "v", mountPath: "/a/.." }] },
    ];
    const paths = validatePolicy(namespaced({ inject })).map(({ path }) => path);
    expect(paths).toEqual(["spec.inject[0].env[0].name", "spec.inject[1].mounts[0].mountPath"]);
  });

  it("the wrong value is shown, unless it is that of a variable", () => {
    const inject = [{ name: "a", env: [{ name: "PASSWORD", value: "s3cret".repeat(1000) }] }];
    const [problem] = validatePolicy(namespaced({ inject }));
    expect(describeProblem(problem!)).toBe(
      "spec.inject[0].env[0].value is too long: give at most 4096 characters",
    );
    const [other] = validatePolicy(namespaced({ preset: "Nope" as never }));
    expect(describeProblem(other!)).toContain(
      'spec.preset "Nope" is unknown: use one of Datalayer',
    );
  });

  it.each([undefined, null, 3, [], "x", { inject: 3 }, { match: [] }, { inject: [null] }])(
    "a spec of another shape (%j) is a problem, not a crash",
    (spec) => {
      expect(validatePolicy(namespaced(spec as never))).not.toEqual([]);
    },
  );
});

describe("a good policy", () => {
  it("may select namespaces when it is the cluster's", () => {
    const spec = {
      match: { namespaceSelector: { matchLabels: { a: "1" } } },
      preset: "Datalayer",
    } as const;
    expect(validatePolicy(cluster(spec))).toEqual([]);
  });

  it.each([
    ["aws-efs", ["ReadWriteMany"]],
    ["azure-nfs", ["ReadWriteMany"]],
    ["ceph-filesystem", ["ReadWriteMany"]],
    ["gp3", ["ReadWriteOnce"]],
    ["managed-csi", ["ReadWriteOncePod"]],
    [undefined, ["ReadWriteMany"]],
  ])("N4: %s can be had %j", (storageClassName, accessModes) => {
    const claim = { size: "8Gi", accessModes, ...(storageClassName ? { storageClassName } : {}) };
    const inject = [{ name: "h", home: { claim, mounts: [{ mountPath: "/h" }] } }];
    expect(validatePolicy(namespaced({ user: { from: "Namespace" }, inject }))).toEqual([]);
  });

  it("may set a reserved variable that it allows itself", () => {
    const inject = [{ name: "a", env: [{ name: "PATH", value: "/opt/bin" }] }];
    expect(validatePolicy(namespaced({ inject, allowReserved: ["PATH"] }))).toEqual([]);
  });

  it("may name an item like one of the preset's that it leaves out", () => {
    const inject = [{ name: "home", env: [{ name: "A", value: "1" }] }];
    const spec = { preset: "Datalayer", presetOptions: { without: ["home"] }, inject } as const;
    expect(validatePolicy(namespaced(spec))).toEqual([]);
  });
});

describe("a PodDefault", () => {
  const made = (spec: object) =>
    fromPodDefault({
      apiVersion: "kubeflow.org/v1alpha1",
      kind: "PodDefault",
      metadata: { name: "d", namespace: "work" },
      spec: { selector: {}, ...spec },
    });

  it("may do what our own policies may not", () => {
    const env = [
      { name: "PATH", value: "/x" },
      { name: "A", value: "{user}" },
    ];
    expect(validatePolicy(made({ env }))).toEqual([]);
  });

  it("may not set our labels and annotations", () => {
    const labels = { "clouder.datalayer.io/user": "bob" };
    expect(validatePolicy(made({ labels }))[0]?.path).toBe("spec.labels");
    const annotations = { "clouder.datalayer.io/restore": "1" };
    expect(validatePolicy(made({ annotations }))[0]?.path).toBe("spec.annotations");
  });
});
