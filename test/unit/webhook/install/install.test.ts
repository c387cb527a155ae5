import { beforeEach, describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import {
  type Certificate,
  certificates,
  deployments,
  mutatingWebhookConfigurations,
  persistentVolumeClaims,
  type Secret,
  secrets,
} from "#kube/resources";
import { webhookName } from "#webhook/api/names";
import { clusterInjectionPolicies } from "#webhook/api/types";
import { installWebhook } from "#webhook/install/install";
import { webhookInstallObjects } from "#webhook/install/objects";
import { type WantedWebhook, webhookSettings } from "#webhook/install/settings";
import { countPolicies, uninstallWebhook } from "#webhook/install/uninstall";
import type { FakeKube } from "#test/fakes/kube";
import { caBundle, context, fillCaBundle, readyCluster } from "#test/unit/webhook/install/cluster";

let fake: FakeKube;
let kube: Kube;
beforeEach(() => {
  ({ fake, kube } = readyCluster());
});

const settings = (wanted: Partial<WantedWebhook> = {}) =>
  webhookSettings({ image: "x", ...wanted });
const configuration = () => fake.peek(mutatingWebhookConfigurations, { name: webhookName });
const webhook = () => configuration()?.webhooks?.[0];
const run = (wanted: Partial<WantedWebhook> = {}, wait = true) =>
  installWebhook(
    settings(wanted),
    { wait },
    context(kube, async () => {
      if (webhook()?.clientConfig.caBundle === undefined) await fillCaBundle(fake);
    }),
  );

describe("installing the webhook", () => {
  it("makes everything, and the second time changes nothing and says so", async () => {
    const first = await run();
    expect(first).toHaveLength(webhookInstallObjects(settings()).length);
    expect(new Set(first.map(({ outcome }) => outcome))).toEqual(new Set(["created"]));
    expect(webhook()?.failurePolicy).toBe("Fail");
    const second = await run();
    expect(new Set(second.map(({ outcome }) => outcome))).toEqual(new Set(["unchanged"]));
  });

  it("F25: no pod is refused before the webhook can answer: Fail comes after the caBundle", async () => {
    const seen: (string | undefined)[] = [];
    const at = context(kube, async () => {
      seen.push(webhook()?.failurePolicy);
      expect(
        fake.peek(deployments, { namespace: "clouder-system", name: webhookName }),
      ).toBeDefined();
      if (seen.length === 3) await fillCaBundle(fake);
    });
    await installWebhook(settings(), { wait: true }, at);
    expect(seen).toEqual(["Ignore", "Ignore", "Ignore"]);
    expect(webhook()?.failurePolicy).toBe("Fail");
  });

  it("F25: stays on Ignore, and says what to look at, when no caBundle appears", async () => {
    const ended = installWebhook(settings(), { wait: true }, context(kube));
    await expect(ended).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("the caBundle in the webhook's configuration") as string,
      hint: expect.stringContaining("component=injection-controller") as string,
    });
    expect(webhook()?.failurePolicy).toBe("Ignore");
  });

  it("F25: without waiting it stays on Ignore until it is run again, and says so", async () => {
    const notes: string[] = [];
    await installWebhook(
      settings(),
      { wait: false },
      {
        ...context(kube),
        report: (event) => {
          if (event.type === "note") notes.push(event.message);
        },
      },
    );
    expect(webhook()?.failurePolicy).toBe("Ignore");
    expect(notes.join()).toContain("run the same command again");
    await fillCaBundle(fake);
    await run({}, false);
    expect(webhook()?.failurePolicy).toBe("Fail");
  });

  it("F3: an update keeps the caBundle that the controller wrote", async () => {
    await run();
    const overlap = caBundle("CA", "old");
    await fillCaBundle(fake, overlap);
    const again = await run({ timeoutSeconds: 9 });
    expect(webhook()).toMatchObject({ timeoutSeconds: 9, clientConfig: { caBundle: overlap } });
    expect(
      again.filter(({ outcome }) => outcome !== "unchanged").map(({ object }) => object),
    ).toEqual([
      "deployment.apps/clouder-injection-controller",
      "deployment.apps/clouder-webhook",
      "mutatingwebhookconfiguration.admissionregistration.k8s.io/clouder-webhook",
    ]);
  });

  it("puts right what somebody changed", async () => {
    await run();
    await fake.remove(deployments, { namespace: "clouder-system", name: webhookName });
    const again = await run();
    expect(again.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
  });
});

describe("with certificates of cert-manager", () => {
  const byCertManager = { certificates: "cert-manager", issuer: "ClusterIssuer/internal" };
  const serving = { namespace: "clouder-system", name: "clouder-webhook-tls" };
  const made = (): Certificate | undefined => fake.peek(certificates, serving);

  /** What cert-manager does: the certificate's Secret first, then the caBundle. */
  async function certManager(): Promise<void> {
    const certificate = made();
    if (!certificate) return;
    if (!fake.peek(secrets, serving)) {
      const data = { "ca.crt": caBundle("cert-manager's") };
      fake.seed({ apiVersion: "v1", kind: "Secret", metadata: serving, data } as Secret);
      const status = { conditions: [{ type: "Ready", status: "True" }] };
      await fake.patch(certificates, serving, { status }, "status");
    } else await fillCaBundle(fake, caBundle("cert-manager's"));
  }
  const install = (onSleep = certManager) =>
    installWebhook(settings(byCertManager), { wait: true }, context(kube, onSleep));

  it("waits for the certificate, then for its authority in the caBundle, then says Fail", async () => {
    await install();
    expect(made()?.spec["issuerRef"]).toMatchObject({ kind: "ClusterIssuer", name: "internal" });
    expect(webhook()).toMatchObject({
      failurePolicy: "Fail",
      clientConfig: { caBundle: caBundle("cert-manager's") },
    });
  });

  it("a certificate that is not issued ends it with what cert-manager says, on Ignore", async () => {
    const message = "Issuer not found";
    const ended = install(async () => {
      const status = { conditions: [{ type: "Ready", status: "False", message }] };
      await fake.patch(certificates, serving, { status }, "status");
    });
    await expect(ended).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining("describe certificates") as string,
    });
    expect(webhook()?.failurePolicy).not.toBe("Fail");
  });

  it("a cluster without cert-manager is told before anything is made", async () => {
    const without: Kube = {
      ...kube,
      list: (resource, options) =>
        resource.kind === "Certificate"
          ? Promise.reject(new ClouderError("not-found", "no such kind"))
          : kube.list(resource, options),
    };
    const ended = installWebhook(settings(byCertManager), { wait: true }, context(without));
    await expect(ended).rejects.toMatchObject({
      code: "not-found",
      message: "the cluster has no cert-manager",
    });
    expect(fake.calls.filter(({ verb }) => verb === "apply")).toEqual([]);
  });

  it("a change from own ones waits for the new authority, though there is a caBundle", async () => {
    await run();
    const seen: string[] = [];
    await install(async () => {
      seen.push(webhook()?.failurePolicy ?? "");
      await certManager();
    });
    // Who asked for Fail is never given bare pods instead.
    expect(new Set(seen)).toEqual(new Set(["Fail"]));
    expect(webhook()?.clientConfig.caBundle).toBe(caBundle("cert-manager's"));
  });

  it("a change back takes the Certificate away, so that two do not write one Secret", async () => {
    await install();
    expect(made()).toBeDefined();
    await installWebhook(
      settings(),
      { wait: true },
      context(kube, () => fillCaBundle(fake)),
    );
    expect(made()).toBeUndefined();
    expect(configuration()?.metadata.annotations ?? {}).toEqual({});
    expect(webhook()?.clientConfig.caBundle).toBe(caBundle("CA"));
  });
});

describe("uninstalling the webhook", () => {
  const policy = {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name: "p" },
    spec: {},
  } as const;
  const home = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: "home-ada",
      namespace: "runtimes",
      labels: { "clouder.datalayer.io/home-of": "ada" },
    },
    spec: {},
  } as const;
  const authority = { namespace: "clouder-system", name: "clouder-webhook-ca" };

  beforeEach(async () => {
    await run();
    fake.seed(policy, home, { apiVersion: "v1", kind: "Secret", metadata: authority });
  });
  const uninstall = (purge: boolean) => uninstallWebhook({ purge }, context(kube));

  it("F1: takes the configuration away before anything that answers for it", async () => {
    await uninstall(false);
    const removed = fake.calls.filter(({ verb }) => verb === "remove").map(({ kind }) => kind);
    expect(removed[0]).toBe("MutatingWebhookConfiguration");
    expect(removed).toContain("Deployment");
  });

  it("keeps policies and homes, and takes keys and programs away", async () => {
    const outcomes = await uninstall(false);
    expect(fake.peek(clusterInjectionPolicies, { name: "p" })).toBeDefined();
    expect(fake.peek(persistentVolumeClaims, home.metadata)).toBeDefined();
    expect(fake.peek(secrets, authority)).toBeUndefined();
    expect(configuration()).toBeUndefined();
    expect(
      outcomes.filter(({ outcome }) => outcome === "kept").map(({ object }) => object),
    ).toEqual([
      "customresourcedefinition.apiextensions.k8s.io/injectionpolicies.clouder.datalayer.io",
      "customresourcedefinition.apiextensions.k8s.io/clusterinjectionpolicies.clouder.datalayer.io",
      "persistentvolumeclaim/home-ada",
    ]);
  });

  it("a purge takes the kinds of policies, and still keeps homes", async () => {
    expect(await countPolicies(kube)).toBe(1);
    const outcomes = await uninstall(true);
    expect(outcomes).toContainEqual({
      object:
        "customresourcedefinition.apiextensions.k8s.io/injectionpolicies.clouder.datalayer.io",
      outcome: "removed",
    });
    expect(fake.peek(persistentVolumeClaims, home.metadata)).toBeDefined();
  });

  it("again: nothing is there, and nothing is wrong", async () => {
    await uninstall(false);
    const again = await uninstall(false);
    expect(again.filter(({ outcome }) => outcome === "removed")).toEqual([]);
  });
});
