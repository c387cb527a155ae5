import { describe, expect, it } from "vitest";
import { guards } from "#webhook/install/guards";
import { webhookSettings } from "#webhook/install/settings";

interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly failurePolicy: string;
    readonly policyName?: string;
    readonly validationActions?: readonly string[];
    readonly matchConstraints: {
      readonly namespaceSelector: { readonly matchExpressions?: readonly object[] };
      readonly resourceRules: readonly [
        { readonly operations: readonly string[]; readonly resources: readonly string[] },
      ];
    };
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string; readonly reason: string }[];
  };
}

const rendered = guards(
  webhookSettings({ image: "x", userLabels: ["a.b/user"], excludedNamespaces: ["build"] }),
) as unknown as readonly Policy[];
const policies = rendered.filter(({ kind }) => kind === "ValidatingAdmissionPolicy");
const find = (name: string) => {
  const found = policies.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`no policy ${name}`);
  return found.spec;
};
const variable = (name: string, of: string) =>
  find(of).variables.find((one) => one.name === name)?.expression;

describe("the guards", () => {
  it("each has a binding that denies", () => {
    for (const { metadata } of policies) {
      const binding = rendered.find(
        ({ kind, spec }) =>
          kind === "ValidatingAdmissionPolicyBinding" && spec.policyName === metadata.name,
      );
      expect(binding?.spec.validationActions, metadata.name).toEqual(["Deny"]);
    }
  });

  it("F1: hold for no namespace that the cluster needs to start", () => {
    for (const { spec, metadata } of policies) {
      if (metadata.name === "clouder-required-injection") continue;
      expect(spec.matchConstraints.namespaceSelector.matchExpressions).toEqual([
        {
          key: "kubernetes.io/metadata.name",
          operator: "NotIn",
          values: ["kube-system", "kube-public", "kube-node-lease", "clouder-system"],
        },
      ]);
    }
  });

  it("M3: labels that name a user are settled, over the status, too", () => {
    const { matchConstraints } = find("clouder-user-labels");
    expect(matchConstraints.resourceRules[0]).toMatchObject({
      operations: ["UPDATE"],
      resources: ["pods", "pods/status"],
    });
    expect(variable("keys", "clouder-user-labels")).toBe(
      "['a.b/user', 'runtime-pools.datalayer.io/user-uid']",
    );
  });

  it("M3: only who may use a user gives a warm pod, a ServiceAccount or a claim to them", () => {
    for (const name of ["clouder-user-labels", "clouder-user-accounts", "clouder-home-claims"]) {
      expect(
        find(name)
          .validations.map(({ expression }) => expression)
          .join(),
      ).toMatch(
        /authorizer\.group\('clouder\.datalayer\.io'\)\.resource\('injectionusers'\)\.namespace\(request\.namespace\)\.name\([^)]+\)\.check\('use'\)\.allowed\(\)/,
      );
    }
  });

  it("marks cannot be changed, nor worn by pods that the webhook never sees", () => {
    expect(variable("keys", "clouder-injection-marks")).toBe(
      "['clouder.datalayer.io/injected', 'clouder.datalayer.io/injected-user']",
    );
    const unseen = variable("unseen", "clouder-injection-marks");
    for (const part of ["'disabled'", "'system-'", "'kubectl-clouder'", "['build']"]) {
      expect(unseen).toContain(part);
    }
    expect(unseen).not.toContain("'enabled'");
    const labelled = guards(
      webhookSettings({ image: "x", namespaces: "labelled" }),
    ) as unknown as readonly Policy[];
    expect(JSON.stringify(labelled)).toContain("in ['enabled', 'required']");
  });

  it("F4: a namespace can ask that no pod of a user starts bare", () => {
    const spec = find("clouder-required-injection");
    expect(spec.matchConstraints.namespaceSelector).toEqual({
      matchLabels: { "clouder.datalayer.io/inject": "required" },
    });
    expect(spec.validations[0]?.expression).toContain("'clouder.datalayer.io/injected' in");
  });
});
