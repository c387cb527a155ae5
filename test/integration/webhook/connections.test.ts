import { mkdtemp, rename, rm, symlink, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { systemClock } from "#core/clock";
import { secrets, type Secret } from "#kube/resources";
import { makeAuthority, makeServing, type KeyPair } from "#webhook/certificates/make";
import { certificateFolder } from "#webhook/server/certificate-folder";
import { certificateSecret } from "#webhook/server/certificate-secret";
import type { CertificatePair } from "#webhook/server/certificate";
import { placeholder, runLoad } from "#test/bench/webhook-client";
import { createFakeKube } from "#test/fakes/kube";
import { notebookPod, reviewOf } from "#test/fixtures/reviews";
import {
  serverName,
  startWebhook,
  yearMs,
  type WebhookProcess,
} from "#test/integration/webhook/webhook-process";

const body = JSON.stringify(reviewOf(notebookPod(), { uid: placeholder }));

describe("connections to the webhook", () => {
  it("F24 refuses TLS 1.1 and speaks 1.2 and 1.3", async () => {
    await using webhook = await startWebhook();
    for (const version of ["TLSv1", "TLSv1.1"] as const) {
      const old = { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" } as const;
      await expect(handshake(webhook, old)).rejects.toThrow(/protocol version|alert|disconnected/);
    }
    expect(await handshake(webhook, { maxVersion: "TLSv1.2" })).toBe("TLSv1.2");
    expect(await handshake(webhook, {})).toBe("TLSv1.3");
  });

  it("F24 has the Service's name in its certificate, not in a common name only", async () => {
    await using webhook = await startWebhook();
    await expect(handshake(webhook, { servername: "elsewhere.svc" })).rejects.toThrow(
      /does not match|altname/i,
    );
    expect(webhook.running.status().certificate.names).toContain(serverName);
  });

  it("F19 keeps idle connections longer than the API server's 90 s, used or not", async () => {
    await using webhook = await startWebhook();
    const answered = await webhook.send(body);
    const timeout = /timeout=(\d+)/.exec(String(answered.headers["keep-alive"]))?.[1];
    expect(Number(timeout)).toBeGreaterThanOrEqual(95);
    // One that is opened in advance falls under no limit for requests.
    const fresh = await opened(webhook);
    await sleep(12_000);
    expect(fresh.readyState).toBe("open");
    fresh.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const [first] = await once(fresh);
    expect(first).toContain("200 OK");
    fresh.destroy();
  });

  it("F3 swaps the certificate without dropping a connection or failing a call", async () => {
    const oldAuthority = await makeAuthority(Date.now(), yearMs);
    const newAuthority = await makeAuthority(Date.now(), yearMs);
    // The overlap: clients trust both.
    const ca = oldAuthority.certificate + newAuthority.certificate;
    await using webhook = await startWebhook({ authority: oldAuthority });
    const kept = await opened(webhook);
    const load = runLoad({
      target: () => ({ port: webhook.port, ca, servername: serverName }),
      body: () => body,
      connections: 8,
      milliseconds: 1_500,
    });
    const authorities = [newAuthority, oldAuthority, newAuthority];
    let last: KeyPair | undefined;
    for (const authority of authorities) {
      await sleep(300);
      last = await makeServing(authority, Date.now(), yearMs);
      webhook.offer(last);
    }
    const { failures, reconnects, calls } = await load;
    expect(failures).toEqual([]);
    expect(reconnects).toBe(0);
    expect(calls).toBeGreaterThan(100);
    // New connections get the new certificate: a client that trusts the new authority only is served.
    expect(await handshake(webhook, { ca: newAuthority.certificate })).toBe("TLSv1.3");
    await expect(handshake(webhook, { ca: oldAuthority.certificate })).rejects.toThrow();
    kept.write("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await once(kept))[0]).toContain("200 OK");
    kept.destroy();
  });

  it("F3 goes on with the old certificate when the new one cannot be used", async () => {
    await using webhook = await startWebhook();
    const authority = await makeAuthority(Date.now(), yearMs);
    const one = await makeServing(authority, Date.now(), yearMs);
    const other = await makeServing(authority, Date.now(), yearMs);
    webhook.offer({ certificate: one.certificate, key: other.key });
    webhook.offer({ certificate: "no certificate", key: other.key });
    await sleep(50);
    expect((await webhook.send(body)).status).toBe(200);
    const { lastErrors } = webhook.running.status();
    expect(lastErrors.map(({ message }) => message)).toEqual([
      expect.stringContaining("the key does not belong to the certificate"),
      expect.stringContaining("cannot be used"),
    ]);
  });

  it("F3 is not ready with an expired certificate, and ready again after the swap", async () => {
    const authority = await makeAuthority(Date.now(), yearMs);
    const dead = await makeServing(authority, Date.now() - 7_200_000, 3_600_000);
    await using webhook = await startWebhook({ authority, pair: dead });
    const lax = { method: "GET", path: "/readyz", rejectUnauthorized: false };
    const before = await webhook.send(undefined, lax);
    expect([before.status, before.body]).toEqual([503, "the certificate has expired\n"]);
    webhook.offer(await makeServing(authority, Date.now(), yearMs));
    await sleep(50);
    expect((await webhook.send(undefined, lax)).status).toBe(200);
  });

  it("F20 drains under load without a failed call", async () => {
    const authority = await makeAuthority(Date.now(), yearMs);
    const old = await startWebhook({ authority, settings: { drainMs: 2_000 } });
    await using next = await startWebhook({ authority });
    let port = old.port;
    const load = runLoad({
      target: () => ({ port, ca: authority.certificate, servername: serverName }),
      body: () => body,
      connections: 16,
      milliseconds: 3_500,
    });
    await sleep(300);
    old.terminate();
    // The Service learns of it a little later; until then new connections still come in.
    await sleep(300);
    const draining = await old.send(undefined, { method: "GET", path: "/readyz" });
    expect([draining.status, draining.body]).toEqual([503, "draining\n"]);
    expect(draining.headers["connection"]).toBe("close");
    port = next.port;
    await old.running.ended;
    const { failures, reconnects, calls } = await load;
    expect(failures).toEqual([]);
    expect(reconnects).toBeGreaterThanOrEqual(16);
    expect(calls).toBeGreaterThan(200);
    await expect(old.send(body)).rejects.toThrow(/ECONNREFUSED/);
    old.agent.destroy();
  });

  it("F20 waits for the call that is under way", async () => {
    let finish: () => void = () => undefined;
    const decided = new Promise<void>((resolve) => (finish = resolve));
    const webhook = await startWebhook({
      decide: () => decided.then(() => ({ operations: [], outcomes: [], warnings: [] })),
    });
    const answer = webhook.send(body);
    await expect.poll(() => webhook.running.status().underWay).toBe(1);
    webhook.terminate();
    await sleep(200);
    finish();
    expect((await answer).json().response).toMatchObject({ uid: placeholder, allowed: true });
    await webhook.running.ended;
    webhook.agent.destroy();
  });
});

describe("sources of the certificate", () => {
  it("give a folder's pair, and each new one of a mount that is swapped as a whole", async () => {
    const folder = await mkdtemp(join(tmpdir(), "certificate-"));
    const [one, other] = await twoPairs();
    const stop = new AbortController();
    const troubles: unknown[] = [];
    const source = certificateFolder(folder, systemClock, 10);
    const given = collect(source.follow(stop.signal, (error) => troubles.push(error)));
    await sleep(50);
    expect(troubles).toHaveLength(1); // Said once, not each time.
    await writePair(join(folder, "..1"), one);
    await symlink("..1", join(folder, "..data"));
    for (const name of ["tls.crt", "tls.key"]) await symlink(`..data/${name}`, join(folder, name));
    await expect.poll(() => given.items).toEqual([one]);
    await writePair(join(folder, "..2"), other);
    await symlink("..2", join(folder, "..new"));
    await rename(join(folder, "..new"), join(folder, "..data"));
    await expect.poll(() => given.items).toEqual([one, other]);
    stop.abort();
    await given.ended;
    await rm(folder, { recursive: true });
  });

  it("give a Secret's pair, keep it when the Secret goes, and take up the next", async () => {
    const [one, other] = await twoPairs();
    const kube = createFakeKube();
    const stop = new AbortController();
    const name = { namespace: "clouder-system", name: "tls" };
    const source = certificateSecret(kube, name, systemClock, 10);
    const given = collect(source.follow(stop.signal, () => undefined));
    await sleep(30);
    expect(given.items).toEqual([]);
    kube.seed(secretOf(name, one), secretOf({ ...name, name: "another" }, other));
    await expect.poll(() => given.items).toEqual([one]);
    await kube.remove(secrets, name);
    kube.resyncWatches();
    kube.seed(secretOf(name, other));
    await expect.poll(() => given.items).toEqual([one, other]);
    stop.abort();
    await given.ended;
  });
});

async function twoPairs(): Promise<[CertificatePair, CertificatePair]> {
  const authority = await makeAuthority(Date.now(), yearMs);
  return [
    await makeServing(authority, Date.now(), yearMs),
    await makeServing(authority, Date.now(), yearMs),
  ];
}

async function writePair(folder: string, pair: CertificatePair): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "tls.crt"), pair.certificate);
  await writeFile(join(folder, "tls.key"), pair.key, { mode: 0o600 });
}

function secretOf(
  name: { readonly namespace: string; readonly name: string },
  pair: CertificatePair,
): Secret {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: name,
    type: "kubernetes.io/tls",
    data: { "tls.crt": encode(pair.certificate), "tls.key": encode(pair.key) },
  };
}

function collect<T>(source: AsyncIterable<T>) {
  const items: T[] = [];
  const ended = (async () => {
    for await (const item of source) items.push(item);
  })();
  return { items, ended };
}

function options(webhook: WebhookProcess): ConnectionOptions {
  return { host: "127.0.0.1", port: webhook.port, ca: webhook.ca, servername: serverName };
}

function handshake(webhook: WebhookProcess, more: ConnectionOptions): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options(webhook), ...more }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

function opened(webhook: WebhookProcess): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options(webhook), () => {
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

function once(socket: TLSSocket): Promise<[string]> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      resolve([chunk.toString("latin1")]);
    });
    socket.once("close", () => {
      reject(new Error("closed"));
    });
  });
}
