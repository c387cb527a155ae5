import { describe, expect, it } from "vitest";
import type { LabelSelector } from "#webhook/api/types";
import { webhookConfiguration } from "#webhook/install/configuration";
import { failurePolicies, type WantedWebhook, webhookSettings } from "#webhook/install/settings";
import { selectorTest } from "#webhook/policy/selector";

interface Webhook {
  readonly rules: readonly object[];
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly clientConfig: Readonly<Record<string, unknown>>;
  readonly failurePolicy?: string;
  readonly timeoutSeconds: number;
}

function render(wanted: Partial<WantedWebhook> = {}): Webhook {
  const { webhooks = [] } = webhookConfiguration(webhookSettings({ image: "x", ...wanted }));
  expect(webhooks).toHaveLength(1);
  return webhooks[0] as unknown as Webhook;
}

/** Every combination of settings that changes what is rendered. */
const modes: readonly Partial<WantedWebhook>[] = failurePolicies.flatMap((failurePolicy) =>
  ["all", "labelled"].flatMap((namespaces) => [
    { failurePolicy, namespaces },
    {
      failurePolicy,
      namespaces,
      certificates: "cert-manager",
      issuer: "Issuer/internal",
      excludedNamespaces: ["build"],
    },
  ]),
);
const named = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  "kubernetes.io/metadata.name": name,
  ...labels,
});
const inject = "clouder.datalayer.io/inject";

describe.each(modes)("the configuration with %o", (mode) => {
  const webhook = render(mode);
  const sends = selectorTest(webhook.namespaceSelector);

  it.each(["kube-system", "kube-public", "kube-node-lease"])(
    "F1: never sends pods of %s, whatever its labels say",
    (name) => {
      expect(sends(named(name, { [inject]: "enabled" }))).toBe(false);
    },
  );

  it("F2: never sends pods of its own namespace, by name and not by a label", () => {
    expect(sends(named("clouder-system", { [inject]: "required" }))).toBe(false);
  });

  it("F1: leaves out mirror pods, critical ones, restored ones and its own before any call", () => {
    const conditions = Object.fromEntries(
      webhook.matchConditions.map(({ name, expression }) => [name, expression]),
    );
    expect(conditions).toEqual({
      "no-mirror-pod":
        "!('kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))",
      "no-own-pod":
        "object.metadata.?labels[?'app.kubernetes.io/part-of'].orValue('') != 'kubectl-clouder'",
      "no-restored-pod":
        "!('clouder.datalayer.io/restore' in object.metadata.?annotations.orValue({}) && object.spec.?runtimeClassName.orValue('') == 'clouder')",
      "no-critical-pod": "!object.spec.?priorityClassName.orValue('').startsWith('system-')",
    });
  });

  it("leaves out namespaces and pods that are labelled so", () => {
    expect(sends(named("a", { [inject]: "disabled" }))).toBe(false);
    expect(selectorTest(webhook.objectSelector)({ [inject]: "disabled" })).toBe(false);
    expect(selectorTest(webhook.objectSelector)({})).toBe(true);
  });

  it("F14, F16: is about pods when they are made, not about updates, templates or subresources", () => {
    expect(webhook.rules).toEqual([
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["pods"],
        scope: "Namespaced",
      },
    ]);
  });

  it("F25: has a failure policy, and no caBundle, which others write", () => {
    expect(webhook.failurePolicy).toBe(mode.failurePolicy);
    expect(webhook.clientConfig).not.toHaveProperty("caBundle");
  });

  it("F24: is reached by the name that its certificate bears, over the Service", () => {
    expect(webhook.clientConfig).toEqual({
      service: {
        name: "clouder-webhook",
        namespace: "clouder-system",
        path: "/mutate",
        port: 443,
      },
    });
  });

  it("M4: has no effects in dry runs, is asked again after others, and takes 10 s at the most", () => {
    expect(webhook).toMatchObject({
      sideEffects: "NoneOnDryRun",
      reinvocationPolicy: "IfNeeded",
      matchPolicy: "Equivalent",
      admissionReviewVersions: ["v1"],
    });
    expect(webhook.timeoutSeconds).toBeLessThanOrEqual(10);
  });
});

it("with labelled namespaces only those that ask for it are served", () => {
  const sends = selectorTest(render({ namespaces: "labelled" }).namespaceSelector);
  expect(sends(named("a"))).toBe(false);
  expect(sends(named("a", { [inject]: "enabled" }))).toBe(true);
  expect(sends(named("a", { [inject]: "required" }))).toBe(true);
});

it("further namespaces are left out by name", () => {
  const sends = selectorTest(render({ excludedNamespaces: ["build"] }).namespaceSelector);
  expect(sends(named("build"))).toBe(false);
  expect(sends(named("a"))).toBe(true);
});

it("cert-manager is told where the certificate is", () => {
  const settings = { image: "x", certificates: "cert-manager", issuer: "ClusterIssuer/internal" };
  expect(webhookConfiguration(webhookSettings(settings)).metadata.annotations).toEqual({
    "cert-manager.io/inject-ca-from": "clouder-system/clouder-webhook-tls",
  });
});
