import { describe, expect, it } from "vitest";
import type { Rule } from "#kube/install/accounts";
import { caSecretName, servingSecretName, webhookName } from "#webhook/api/names";
import { controllerClusterRules, controllerNamespaceRules } from "#webhook/controller/rights";
import { webhookClusterRules, webhookNamespaceRules } from "#webhook/server/rights";
import {
  createInjected,
  homeItem,
  makeClass,
  makeNamespace,
  makePod,
  makePolicy,
  makeSecret,
  startController,
} from "#test/unit/webhook/controller/objects";
import { runtimeLabels } from "#webhook/api/names";
import { defaultRotation } from "#webhook/certificates/plan-rotation";
import { configuration } from "#test/unit/webhook/certificates/rotating";
import { persistentVolumeClaims } from "#kube/resources";

const all = [
  ...webhookClusterRules,
  ...webhookNamespaceRules,
  ...controllerClusterRules,
  ...controllerNamespaceRules,
];
const about = (rules: readonly Rule[], resource: string) =>
  rules.filter(({ resources }) => resources.some((one) => one === "*" || one === resource));

describe("M1: the reachable process can read no Secret but its serving certificate", () => {
  it("has one rule about Secrets: reading, by this name, in its own namespace", () => {
    expect(about(webhookClusterRules, "secrets")).toEqual([]);
    expect(about(webhookNamespaceRules, "secrets")).toEqual([
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: [servingSecretName],
        verbs: ["get", "list", "watch"],
      },
    ]);
  });

  it("may write nothing but Events and questions, and run or enter no pod", () => {
    for (const { resources, verbs } of [...webhookClusterRules, ...webhookNamespaceRules]) {
      const written = verbs.filter((verb) => !["get", "list", "watch"].includes(verb));
      if (written.length === 0) continue;
      expect(written).toEqual(["create"]);
      expect(["events", "subjectaccessreviews"]).toContain(resources[0]);
    }
    expect(about(webhookClusterRules, "pods")).toEqual([]);
  });

  it("cannot get the authority's key", () => {
    expect(JSON.stringify([webhookClusterRules, webhookNamespaceRules])).not.toContain(
      caSecretName,
    );
  });
});

it("no rule holds a wildcard, or a right that gives more rights", () => {
  for (const { apiGroups, resources, verbs } of all) {
    expect([...apiGroups, ...resources, ...verbs]).not.toContain("*");
    expect(apiGroups).not.toContain("rbac.authorization.k8s.io");
    for (const verb of ["bind", "escalate", "impersonate"]) expect(verbs).not.toContain(verb);
  }
});

it("the controller changes Secrets and webhook configurations by their names only, and deletes no claim", () => {
  const writes = (rules: readonly Rule[], resource: string) =>
    about(rules, resource).filter(({ verbs }) =>
      verbs.some((verb) => ["update", "patch", "delete", "create"].includes(verb)),
    );
  expect(writes(controllerClusterRules, "secrets")).toEqual([]);
  expect(
    writes(controllerNamespaceRules, "secrets").map(
      ({ resourceNames, verbs }) => resourceNames ?? verbs,
    ),
  ).toEqual([["create"], [caSecretName, servingSecretName]]);
  const [configurations] = writes(controllerClusterRules, "mutatingwebhookconfigurations");
  expect(configurations?.resourceNames).toEqual([webhookName]);
  expect(
    about(controllerClusterRules, "persistentvolumeclaims").flatMap(({ verbs }) => verbs),
  ).toEqual(["get", "list", "watch", "create"]);
});

it("the controller's rights are enough for all it does, certificates included", async () => {
  await using lab = startController(
    [
      makeNamespace("runtimes"),
      configuration(),
      makeClass("gp3", "ebs.csi.aws.com", true),
      makePolicy([homeItem(), { name: "s", secret: { label: runtimeLabels.userUid, as: "Env" } }]),
      makeSecret("a", { [runtimeLabels.userUid]: "alice" }),
    ],
    { rotation: defaultRotation },
  );
  const { kube } = lab;
  const own = kube.calls.length;
  await createInjected(kube, makePod("p1", "alice"));
  await expect
    .poll(() => kube.peek(persistentVolumeClaims, { namespace: "runtimes", name: "home-alice" }))
    .toBeDefined();
  await expect
    .poll(() => kube.calls.some(({ subresource }) => subresource === "status"))
    .toBe(true);
  await expect.poll(() => kube.calls.some(({ name }) => name === servingSecretName)).toBe(true);
  const verbsOf: Readonly<Record<string, readonly string[]>> = {
    watch: ["list", "watch"],
    replace: ["update"],
    remove: ["delete"],
    apply: ["create", "patch"],
  };
  for (const call of kube.calls.slice(own)) {
    const plural = pluralOf(call.kind) + (call.subresource ? `/${call.subresource}` : "");
    for (const verb of verbsOf[call.verb] ?? [call.verb]) {
      const allowed = [
        ...controllerClusterRules,
        ...(call.namespace === "clouder-system" ? controllerNamespaceRules : []),
      ].some(
        (rule) =>
          rule.resources.includes(plural) &&
          rule.verbs.includes(verb) &&
          (verb === "watch" ||
            verb === "list" ||
            rule.resourceNames === undefined ||
            rule.resourceNames.includes(call.name ?? "")),
      );
      expect(allowed, `${verb} ${plural} ${call.name ?? ""}`).toBe(true);
    }
  }
});

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (lower.endsWith("policy")) return `${lower.slice(0, -1)}ies`;
  return lower.endsWith("class") ? `${lower}es` : `${lower}s`;
}
