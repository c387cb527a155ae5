import { describe, expect, it } from "vitest";
import { resourceOf } from "#kube/install/kinds";
import type { KubeObject } from "#kube/kube";
import { webhookInstallObjects } from "#webhook/install/objects";
import { type WantedWebhook, webhookSettings } from "#webhook/install/settings";
import { servingNames } from "#webhook/certificates/facts";
import { readSettings } from "#webhook/server/settings";
import { controllerSettings } from "#webhook/controller/settings";

const render = (wanted: Partial<WantedWebhook> = {}) =>
  webhookInstallObjects(webhookSettings({ image: "registry/clouder:1", ...wanted }));

function find(kind: string, name: string, among = render()) {
  const found = among.find((one) => one.kind === kind && one.metadata.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found as KubeObject & { readonly spec: Readonly<Record<string, unknown>> };
}

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly [
      Readonly<Record<string, unknown>> & {
        readonly env: readonly { readonly name: string; readonly value?: string }[];
        readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
      },
    ];
  };
}
const templateOf = (object: { readonly spec: object }) =>
  (object.spec as { readonly template: Template }).template;
const environmentOf = (template: Template) =>
  Object.fromEntries(template.spec.containers[0].env.map(({ name, value }) => [name, value]));

const programs = ["clouder-webhook", "clouder-injection-controller"] as const;

describe("the webhook's objects", () => {
  it("are all of kinds that install and uninstall can deal with, each once", () => {
    const all = render({ certificates: "cert-manager", issuer: "Issuer/a" });
    for (const object of all) expect(() => resourceOf(object)).not.toThrow();
    const names = all.map((one) => [one.kind, one.metadata.namespace, one.metadata.name].join("/"));
    expect(new Set(names).size).toBe(names.length);
  });

  it("F25: the configuration comes last, after all that it needs", () => {
    expect(render().at(-1)?.kind).toBe("MutatingWebhookConfiguration");
  });

  it.each(programs)("M4: %s runs twice, spread, and keeps one through disruptions", (name) => {
    const { spec } = find("Deployment", name);
    expect(spec).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(templateOf({ spec }).spec).toMatchObject({
      priorityClassName: "system-cluster-critical",
      serviceAccountName: name,
      topologySpreadConstraints: [{ topologyKey: "kubernetes.io/hostname", maxSkew: 1 }],
    });
    expect(find("PodDisruptionBudget", name).spec).toMatchObject({ minAvailable: 1 });
  });

  it.each(programs)("%s runs as nobody in particular, without capabilities", (name) => {
    const [container] = templateOf(find("Deployment", name)).spec.containers;
    expect(container["securityContext"]).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container).toMatchObject({
      image: "registry/clouder:1",
      command: [name],
      resources: { limits: { memory: expect.any(String) as string } },
    });
    expect(Object.keys(container)).toEqual(
      expect.arrayContaining(["startupProbe", "livenessProbe", "readinessProbe"]),
    );
  });

  it("the programs' pods bear the labels that their Services and budgets select", () => {
    const labels = templateOf(find("Deployment", "clouder-webhook")).metadata.labels;
    expect(find("Service", "clouder-webhook").spec).toMatchObject({
      selector: labels,
      ports: [{ port: 443, targetPort: "https" }],
    });
    expect(find("PodDisruptionBudget", "clouder-webhook").spec).toMatchObject({
      selector: { matchLabels: labels },
    });
    // No pod may be sent to the webhook that runs it.
    expect(labels).toMatchObject({ "app.kubernetes.io/part-of": "kubectl-clouder" });
  });

  it("a single replica does not hold up drains", () => {
    const objects = render({ replicas: 1 });
    expect(find("PodDisruptionBudget", "clouder-webhook", objects).spec).toMatchObject({
      minAvailable: 0,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
    expect(find("Deployment", "clouder-injection-controller", objects).spec).toMatchObject({
      replicas: 1,
    });
  });
});

describe("what the programs are told", () => {
  it.each([
    ["Fail", "deny"],
    ["Ignore", "allow"],
  ])("with %s a fault of the webhook's own is a %s", (failurePolicy, onFault) => {
    const objects = render({ failurePolicy, timeoutSeconds: 7 });
    const template = templateOf(find("Deployment", "clouder-webhook", objects));
    const settings = readSettings(environmentOf(template), {
      podName: "p",
      certificateSecret: "s",
    });
    expect(settings).toMatchObject({ onFault, timeoutMs: 7_000, port: 8443 });
  });

  it("F20: the kubelet waits longer than forgetting, draining and the longest call take", () => {
    const template = templateOf(
      find("Deployment", "clouder-webhook", render({ timeoutSeconds: 30 })),
    );
    const { drainMs, timeoutMs } = readSettings(environmentOf(template), {
      podName: "p",
      certificateSecret: "s",
    });
    const [{ lifecycle }] = template.spec.containers;
    const forgetting = lifecycle?.preStop.sleep.seconds ?? 0;
    expect(forgetting).toBeGreaterThan(0);
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(
      forgetting + (drainMs + timeoutMs) / 1000,
    );
  });

  it("with cert-manager the controller keeps its hands off, and F24: the certificate has the names", () => {
    const objects = render({ certificates: "cert-manager", issuer: "ClusterIssuer/internal" });
    const controller = templateOf(find("Deployment", "clouder-injection-controller", objects));
    expect(controllerSettings(environmentOf(controller)).rotation).toBeUndefined();
    expect(find("Certificate", "clouder-webhook-tls", objects).spec).toMatchObject({
      secretName: "clouder-webhook-tls",
      dnsNames: servingNames,
      issuerRef: { kind: "ClusterIssuer", name: "internal" },
    });
    const own = templateOf(find("Deployment", "clouder-injection-controller"));
    expect(controllerSettings(environmentOf(own)).rotation).toBeDefined();
    expect(render().map(({ kind }) => kind)).not.toContain("Certificate");
  });
});

it("who looks at a namespace may read its policies; only its administrators write them", () => {
  const view = find("ClusterRole", "clouder-injection-view");
  const admin = find("ClusterRole", "clouder-injection-admin");
  expect(view.metadata.labels).toMatchObject({
    "rbac.authorization.k8s.io/aggregate-to-view": "true",
  });
  expect(admin.metadata.labels).toMatchObject({
    "rbac.authorization.k8s.io/aggregate-to-admin": "true",
  });
  expect(admin.metadata.labels).not.toHaveProperty(["rbac.authorization.k8s.io/aggregate-to-edit"]);
  expect(JSON.stringify([view, admin])).not.toMatch(/clusterinjectionpolicies|injectionusers/);
});
