import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { events } from "#kube/resources";
import { createFakeKube } from "#test/fakes/kube";
import { notebookPod, reviewOf } from "#test/fixtures/reviews";
import { oneOperation, startWebhook } from "#test/integration/webhook/webhook-process";

const uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
const review = reviewOf(notebookPod(), { uid });
const body = JSON.stringify(review);
const source = { policy: "InjectionPolicy/runtimes/p", item: "token" };

describe("calls of the webhook over https", () => {
  it("M4 answers the creation of a pod with its uid and the patch", async () => {
    await using webhook = await startWebhook();
    const answered = await webhook.send(body);
    expect(answered.status).toBe(200);
    expect(answered.headers["content-type"]).toBe("application/json");
    const { response } = answered.json();
    expect(response).toMatchObject({ uid, allowed: true, patchType: "JSONPatch" });
    expect(JSON.parse(Buffer.from(response?.patch ?? "", "base64").toString())).toEqual(
      oneOperation.operations,
    );
  });

  it("decides nothing about updates, other kinds and subresources", async () => {
    let decisions = 0;
    await using webhook = await startWebhook({
      decide: () => {
        decisions += 1;
        return Promise.resolve(oneOperation);
      },
    });
    for (const options of [
      { operation: "UPDATE" },
      { operation: "DELETE" },
      { subResource: "ephemeralcontainers" },
      { resource: { group: "apps", version: "v1", resource: "deployments" } },
    ] as const) {
      const answered = await webhook.send(JSON.stringify(reviewOf({}, { uid, ...options })));
      expect(answered.json().response).toEqual({ uid, allowed: true });
    }
    expect(decisions).toBe(0);
  });

  it("refuses with 403, and passes warnings and audit annotations on", async () => {
    await using webhook = await startWebhook({
      decide: () =>
        Promise.resolve({
          operations: [],
          outcomes: [{ source, where: "pod", result: "refused", reason: "taken" }],
          warnings: ["one\nline"],
          refusal: "refused by a rule",
        }),
    });
    const answered = await webhook.send(body);
    expect(answered.status).toBe(200);
    expect(answered.json().response).toMatchObject({
      uid,
      allowed: false,
      status: { code: 403, message: "refused by a rule" },
      warnings: ["one line"],
      auditAnnotations: { skipped: "InjectionPolicy/runtimes/p/token" },
    });
  });

  for (const onFault of ["allow", "deny"] as const) {
    it(`F22 a panic is answered with 200 and the same uid: ${onFault}`, async () => {
      await using webhook = await startWebhook({
        settings: { onFault },
        decide: () => {
          throw new TypeError("cannot read it");
        },
      });
      for (let call = 0; call < 3; call += 1) {
        const answered = await webhook.send(body);
        expect(answered.status).toBe(200);
        expect(answered.json().response).toMatchObject({ uid, allowed: onFault === "allow" });
      }
      expect(webhook.running.status().lastErrors[0]?.message).toBe("cannot read it");
      expect(webhook.running.status().calls).toEqual({
        [onFault === "allow" ? "fault_allowed" : "fault_denied"]: 3,
      });
    });
  }

  it("answers before the API server's patience ends when a decision does not come", async () => {
    await using webhook = await startWebhook({ decide: () => new Promise(() => undefined) });
    const started = performance.now();
    const answered = await webhook.send(body, { path: "/mutate?timeout=3s" });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(answered.json().response).toMatchObject({ uid, allowed: false });
    expect(answered.json().response?.status?.message).toContain("no decision within 2400 ms");
    expect(webhook.running.status().underWay).toBe(0);
  });

  it("decides nothing before its caches are filled", async () => {
    await using webhook = await startWebhook({
      world: { synced: () => false, waitingFor: () => ["Namespace"] },
    });
    expect((await webhook.send(body)).json().response).toMatchObject({ uid, allowed: false });
    const ready = await webhook.send(undefined, { method: "GET", path: "/readyz" });
    expect([ready.status, ready.body]).toEqual([503, "waiting for Namespace\n"]);
  });

  it("tells the owner of a pod what was skipped, once, and nothing in a dry run", async () => {
    const kube = createFakeKube();
    await using webhook = await startWebhook({
      kube,
      decide: () =>
        Promise.resolve({
          ...oneOperation,
          outcomes: [{ source, where: "containers/c env A", result: "skipped", reason: "taken" }],
          warnings: ["not injected: containers/c env A: taken"],
        }),
    });
    await webhook.send(JSON.stringify(reviewOf(notebookPod(), { dryRun: true })));
    await sleep(50);
    expect(await kube.list(events)).toHaveLength(0);
    expect(await metric(webhook, "clouder_webhook_items_total")).toBeUndefined();
    for (let call = 0; call < 5; call += 1) await webhook.send(body);
    await sleep(50);
    const written = await kube.list(events);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      involvedObject: { kind: "ReplicaSet", name: "notebook-7d4b", namespace: "runtimes" },
      reason: "InjectionSkipped",
      message: "not injected: containers/c env A: taken",
    });
    expect(await metric(webhook, 'clouder_webhook_items_total{result="skipped"}')).toBe(5);
  });

  it("writes a bounded number of Events, whatever happens", async () => {
    const kube = createFakeKube();
    let serial = 0;
    await using webhook = await startWebhook({
      kube,
      decide: () => {
        serial += 1;
        return Promise.resolve({ ...oneOperation, warnings: [`skipped ${String(serial)}`] });
      },
    });
    const started = performance.now();
    await Promise.all(Array.from({ length: 200 }, () => webhook.send(body)));
    await sleep(50);
    const seconds = (performance.now() - started) / 1000;
    const written = (await kube.list(events)).length;
    expect(written).toBeLessThanOrEqual(25 + 5 * seconds);
    expect(webhook.running.status().eventsDropped).toBe(200 - written);
  });

  it("serves probes, metrics and status beside it", async () => {
    await using webhook = await startWebhook();
    await webhook.send(body);
    const get = (path: string) => webhook.send(undefined, { method: "GET", path });
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(200);
    expect((await get("/admin")).status).toBe(200);
    expect((await get("/elsewhere")).status).toBe(404);
    const metrics = await get("/metrics");
    expect(metrics.headers["content-type"]).toContain("text/plain; version=0.0.4");
    expect(metrics.body).toContain('clouder_webhook_requests_total{result="patched"} 1');
    expect(metrics.body).toContain("clouder_webhook_certificate_expiry_timestamp_seconds");
    const status = JSON.parse((await get("/admin/status")).body) as Record<string, unknown>;
    expect(status).toMatchObject({ ready: true, pod: "webhook-1", calls: { patched: 1 } });
  });

  it("is not ready while nothing is heard of the API server", async () => {
    await using webhook = await startWebhook({ world: { staleness: () => 3_600_000 } });
    const ready = await webhook.send(undefined, { method: "GET", path: "/readyz" });
    expect([ready.status, ready.body]).toEqual([
      503,
      "nothing heard of the API server for 3600 s\n",
    ]);
  });
});

async function metric(
  webhook: Awaited<ReturnType<typeof startWebhook>>,
  name: string,
): Promise<number | undefined> {
  const { body: text } = await webhook.send(undefined, { method: "GET", path: "/metrics" });
  const line = text.split("\n").find((one) => one.startsWith(name));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}
