import { beforeEach, describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { deployments, mutatingWebhookConfigurations, secrets } from "#kube/resources";
import { webhookConfiguration } from "#webhook/install/configuration";
import { checkWebhook } from "#webhook/install/check";
import { probeWebhook } from "#webhook/install/probe";
import { rotateCertificate } from "#webhook/install/rotate-certificate";
import { webhookSettings } from "#webhook/install/settings";
import { webhookStatus } from "#webhook/install/status";
import type { WebhookStatus } from "#webhook/server/status";
import type { FakeKube } from "#test/fakes/kube";
import {
  context,
  fillCaBundle,
  readyCluster,
  replicaStatus,
  runReplicas,
} from "#test/unit/webhook/install/cluster";

let fake: FakeKube;
let kube: Kube;
let unready: Set<string>;
let statuses: Map<string, WebhookStatus | number>;
const now = Date.parse("1970-01-02T00:00:00Z");

const controller = { namespace: "clouder-system", name: "clouder-injection-controller" };

beforeEach(async () => {
  ({ fake, kube, unready } = readyCluster());
  fake.seed({ apiVersion: "apps/v1", kind: "Deployment", metadata: controller });
  await fake.create(
    mutatingWebhookConfigurations,
    webhookConfiguration(webhookSettings({ image: "x" })),
  );
  await fillCaBundle(fake);
  statuses = new Map([
    ["w-1", replicaStatus("w-1")],
    ["w-2", replicaStatus("w-2")],
  ]);
  runReplicas(fake, statuses);
});

describe("the webhook's status", () => {
  it("has every replica's own word, and no problem when all is well", async () => {
    const status = await webhookStatus(kube, now);
    expect(status.configuration).toEqual({
      failurePolicy: "Fail",
      timeoutSeconds: 5,
      trusted: true,
      certificates: "own",
    });
    expect(status.replicas.map(({ pod, node }) => [pod, node])).toEqual([
      ["w-1", "n1"],
      ["w-2", "n1"],
    ]);
    expect(status.problems).toEqual([]);
  });

  it.each<[string, () => void]>([
    ["w-1: no answer (HTTP 503)", () => statuses.set("w-1", 503)],
    [
      "w-2 is not ready: waiting for secrets, draining",
      () =>
        statuses.set(
          "w-2",
          replicaStatus("w-2", { ready: false, notReady: ["waiting for secrets", "draining"] }),
        ),
    ],
  ])("names the problem: %s", async (problem, make) => {
    make();
    expect((await webhookStatus(kube, now)).problems).toEqual([problem]);
  });

  it("F3: a certificate that is about to end is a problem before it has", async () => {
    const late = Date.parse("1970-01-29T00:00:00Z");
    expect((await webhookStatus(kube, late)).problems).toEqual([
      "w-1: the certificate ends at 1970-01-31T00:00:00.000Z",
      "w-2: the certificate ends at 1970-01-31T00:00:00.000Z",
    ]);
  });

  it("F3: a certificate that has ended is told as one", async () => {
    const over = Date.parse("1970-02-01T00:00:00Z");
    expect((await webhookStatus(kube, over)).problems[0]).toBe(
      "w-1: the certificate ended at 1970-01-31T00:00:00.000Z",
    );
  });

  it("a configuration without a caBundle, and one that is not there", async () => {
    await fillCaBundle(fake, "");
    expect((await webhookStatus(kube, now)).problems[0]).toContain("no caBundle");
    await fake.remove(mutatingWebhookConfigurations, { name: "clouder-webhook" });
    expect((await webhookStatus(kube, now)).problems[0]).toContain("there is no configuration");
  });

  it("a controller that is gone or not ready, which pods would show only days later", async () => {
    unready.add("clouder-injection-controller");
    expect((await webhookStatus(kube, now)).problems).toEqual([
      expect.stringMatching(/^no clouder-injection-controller is ready: it renews certificates/),
    ]);
    await fake.remove(deployments, controller);
    expect((await webhookStatus(kube, now)).problems).toEqual([
      expect.stringMatching(/^there is no clouder-injection-controller/),
    ]);
  });

  it("nothing at all is one problem, with its cure", async () => {
    const none = readyCluster();
    expect((await webhookStatus(none.kube, now)).problems).toEqual([
      "the webhook is not installed: kubectl clouder webhook install",
    ]);
  });

  it("who may not ask the pods is told which right it takes", async () => {
    statuses.set("w-1", 403);
    await expect(webhookStatus(kube, now)).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining("pods/proxy") as string,
    });
  });
});

describe("rotating the certificate", () => {
  const authority = { namespace: "clouder-system", name: "clouder-webhook-ca" };
  const renewed = (pod: string) =>
    replicaStatus(pod, {
      certificate: { ...replicaStatus(pod).certificate, fingerprint: `new of ${pod}` },
    });

  it("F3: asks the controller, and waits until every replica serves the new one", async () => {
    fake.seed({ apiVersion: "v1", kind: "Secret", metadata: authority });
    let sleeps = 0;
    const at = context(kube, () => {
      sleeps += 1;
      if (sleeps === 1) statuses.set("w-1", renewed("w-1"));
      if (sleeps === 2) statuses.set("w-2", renewed("w-2"));
    });
    const replicas = await rotateCertificate({ wait: true }, at);
    expect(sleeps).toBe(2);
    expect(replicas.map(({ status }) => status?.certificate.fingerprint)).toEqual([
      "new of w-1",
      "new of w-2",
    ]);
    expect(Object.keys(fake.peek(secrets, authority)?.metadata.annotations ?? {})).toEqual([
      "clouder.datalayer.io/rotate-at",
    ]);
  });

  it("does not wait when it is told not to, and ends when nobody obeys", async () => {
    fake.seed({ apiVersion: "v1", kind: "Secret", metadata: authority });
    await expect(rotateCertificate({ wait: false }, context(kube))).resolves.toHaveLength(2);
    await expect(rotateCertificate({ wait: true }, context(kube))).rejects.toMatchObject({
      code: "timeout",
      hint: expect.stringContaining("injection-controller") as string,
    });
  });

  it("without an authority of its own it says so and asks nobody", async () => {
    await fake.remove(secrets, authority);
    await expect(rotateCertificate({ wait: true }, context(kube))).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("webhook status") as string,
    });
    const byCertManager = { certificates: "cert-manager", issuer: "Issuer/x" };
    await fake.apply(
      mutatingWebhookConfigurations,
      webhookConfiguration(webhookSettings({ image: "x", ...byCertManager })),
      "test",
    );
    // Keys of a time before may lie there still.
    fake.seed({ apiVersion: "v1", kind: "Secret", metadata: authority });
    await expect(rotateCertificate({ wait: true }, context(kube))).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringContaining("cmctl renew -n clouder-system clouder-webhook-tls") as string,
    });
    expect((await webhookStatus(kube, now)).configuration?.certificates).toBe("cert-manager");
  });
});

describe("F23: the way from the API server to the webhook", () => {
  /** What the API server does with the dry run of a pod. */
  const admit = (answer: () => void): Kube => ({
    ...kube,
    create: (resource, object, options) => {
      expect(options).toEqual({ dryRun: true });
      answer();
      return fake.create(resource, object, options);
    },
  });
  const called = () => {
    statuses.set("w-1", replicaStatus("w-1", { calls: { patched: 4, unchanged: 4 } }));
  };
  const unreachable = () => {
    throw new ClouderError(
      "unreachable",
      'Internal error occurred: failed calling webhook "inject.clouder.datalayer.io": timeout',
    );
  };

  it("is open when a replica was called", async () => {
    await expect(probeWebhook(admit(called), "team")).resolves.toMatchObject({ reached: true });
  });

  it("is closed when the pod is refused for it, or let through without a call", async () => {
    await expect(probeWebhook(admit(unreachable), "team")).resolves.toMatchObject({
      reached: false,
      silent: false,
    });
    await expect(
      probeWebhook(
        admit(() => undefined),
        "team",
      ),
    ).resolves.toMatchObject({
      reached: false,
      silent: true,
    });
  });

  it("is not judged by a pod that was refused for another reason", async () => {
    const quota = () => {
      throw new ClouderError("denied", "exceeded quota: pods");
    };
    await expect(probeWebhook(admit(quota), "team")).rejects.toMatchObject({ code: "denied" });
  });

  it("doctor says so with the cure", async () => {
    const findings = await checkWebhook(admit(unreachable), "team", now);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: "fail",
        check: "reachable",
        cure: expect.stringContaining("8443") as string,
      }),
    );
    const well = await checkWebhook(admit(called), "team", now);
    expect(new Set(well.map(({ level }) => level))).toEqual(new Set(["ok"]));
  });

  it("doctor cannot try it from a namespace that is never sent, and says so", async () => {
    const findings = await checkWebhook(kube, "kube-system", now);
    expect(findings.at(-1)).toMatchObject({ level: "warn", check: "reachable" });
  });

  it("doctor is content with a cluster that has no webhook", async () => {
    const empty = readyCluster();
    expect(await checkWebhook(empty.kube, "team", now)).toMatchObject([{ level: "ok" }]);
  });
});
