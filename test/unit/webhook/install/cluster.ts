import type { Kube } from "#kube/kube";
import { mutatingWebhookConfigurations, type Pod, type Secret } from "#kube/resources";
import { silent } from "#core/report";
import { webhookName } from "#webhook/api/names";
import type { WebhookStatus } from "#webhook/server/status";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";

/** A cluster whose kinds are served and whose workloads are ready at once, but for those in `unready`. */
export function readyCluster(): {
  readonly fake: FakeKube;
  readonly kube: Kube;
  readonly unready: Set<string>;
} {
  const fake = createFakeKube();
  const unready = new Set<string>();
  const authority = { namespace: "clouder-system", name: "clouder-webhook-ca" };
  fake.seed({
    apiVersion: "v1",
    kind: "Secret",
    metadata: authority,
    data: { "tls.crt": caBundle("CA") },
  } as Secret);
  const workload = { observedGeneration: 99, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };
  const statuses: Readonly<Record<string, object>> = {
    CustomResourceDefinition: { conditions: [{ type: "Established", status: "True" }] },
    Deployment: workload,
    DaemonSet: {
      observedGeneration: 99,
      desiredNumberScheduled: 1,
      updatedNumberScheduled: 1,
      numberReady: 1,
    },
  };
  const kube: Kube = {
    ...fake,
    get: async (resource, name) => {
      const found = await fake.get(resource, name);
      const status = unready.has(name.name) ? {} : statuses[resource.kind];
      return status ? { ...found, status } : found;
    },
    raw: (...call) => fake.raw(...call),
  };
  return { fake, kube, unready };
}

/** Time passes by waiting only; `onSleep` is what others do meanwhile. */
export function context(kube: Kube, onSleep: () => Promise<void> | void = () => undefined) {
  let time = 1_000_000;
  const clock = {
    now: () => time,
    sleep: async (milliseconds: number) => {
      time += milliseconds;
      await onSleep();
    },
  };
  return { kube, clock, report: silent, timeoutMs: 5_000 };
}

/** As Secrets and configurations hold certificates; these have just a name. */
export function caBundle(...names: readonly string[]): string {
  const blocks = names.map((name) => {
    const body = Buffer.from(name).toString("base64");
    return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  });
  return Buffer.from(blocks.join("")).toString("base64");
}

/** What the controller does once there is a configuration. */
export async function fillCaBundle(fake: FakeKube, bundle = caBundle("CA")): Promise<void> {
  const found = fake.peek(mutatingWebhookConfigurations, { name: webhookName });
  if (!found) return;
  const webhooks = (found.webhooks ?? []).map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, caBundle: bundle },
  }));
  await fake.replace(mutatingWebhookConfigurations, { ...found, webhooks });
}

export function replicaStatus(pod: string, over: Partial<WebhookStatus> = {}): WebhookStatus {
  return {
    version: "1.0.0",
    pod,
    startedAt: "2026-01-01T00:00:00.000Z",
    ready: true,
    notReady: [],
    certificate: {
      source: "Secret",
      notBefore: "1970-01-01T00:00:00.000Z",
      notAfter: "1970-01-31T00:00:00.000Z",
      serialNumber: "1",
      names: [],
      fingerprint: "AA:BB",
    },
    calls: { patched: 3, unchanged: 4 },
    latency: { p50: 0.4, p99: 1.25 },
    underWay: 0,
    connections: 1,
    watches: { synced: true, waitingFor: [], stalenessMs: 0, restarts: 0 },
    accessReviews: 0,
    liveReads: 0,
    eventsDropped: 0,
    residentBytes: 90_000_000,
    lastErrors: [],
    ...over,
  };
}

/** Runs replicas that answer with what `statuses` holds at the time. */
export function runReplicas(fake: FakeKube, statuses: Map<string, WebhookStatus | number>): void {
  for (const name of statuses.keys()) {
    fake.seed({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: "clouder-system",
        labels: {
          "app.kubernetes.io/part-of": "kubectl-clouder",
          "app.kubernetes.io/component": "webhook",
        },
      },
      spec: { nodeName: "n1", containers: [] },
      status: { phase: "Running" },
    } as Pod);
  }
  fake.answerRaw = (_method, path) => {
    const name = /pods\/https:([^:]+):8443\/proxy\/admin\/status$/.exec(path)?.[1] ?? "";
    const said = statuses.get(name) ?? 404;
    return typeof said === "number"
      ? { status: said, body: "" }
      : { status: 200, body: JSON.stringify(said) };
  };
}
