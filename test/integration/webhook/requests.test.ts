import fc from "fast-check";
import { request } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notebookPod, reviewOf } from "#test/fixtures/reviews";
import {
  serverName,
  startWebhook,
  type Review,
  type WebhookProcess,
} from "#test/integration/webhook/webhook-process";

const uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
const text = JSON.stringify(reviewOf(notebookPod(), { uid }));
const json = { "Content-Type": "application/json" };

describe("requests that are none of the API server's", () => {
  let webhook: WebhookProcess;
  beforeAll(async () => {
    webhook = await startWebhook();
  });
  afterAll(() => webhook[Symbol.asyncDispose]());

  it("405 for other methods, with Allow", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const answered = await webhook.send(method === "PUT" ? text : undefined, { method });
      expect([answered.status, answered.headers["allow"]]).toEqual([405, "POST"]);
    }
  });

  it("415 for other types, with the uid", async () => {
    for (const type of ["text/plain", "application/jsonp", "application/x-yaml", ""]) {
      const answered = await webhook.send(text, { headers: { "Content-Type": type } });
      expect([answered.status, answered.json().response?.uid]).toEqual([415, uid]);
    }
    const headers = { "Content-Type": "Application/JSON; charset=utf-8" };
    expect((await webhook.send(text, { headers })).status).toBe(200);
  });

  it("400 for a missing body, for what is no JSON and for a wrong envelope", async () => {
    expect((await webhook.send("", { headers: json })).status).toBe(400);
    expect((await webhook.send("{", { headers: json })).status).toBe(400);
    const wrong = text.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    const answered = await webhook.send(wrong);
    expect([answered.status, answered.json().response?.uid]).toEqual([400, uid]);
  });

  it("400 says nothing of what the body held", async () => {
    const answered = await webhook.send('{"request":{"uid":"u","password":"hunter2');
    expect(answered.status).toBe(400);
    expect(answered.body).not.toContain("hunter2");
    expect(JSON.stringify(webhook.log)).not.toContain("hunter2");
  });

  it("F17 F18 8 MB get 413 and the uid, declared or in chunks, and memory stays flat", async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let round = 0; round < 12; round += 1) {
      const { status, body } = await sendLarge(webhook, 8 << 20, round % 2 === 0);
      expect([status, (JSON.parse(body) as Review).response?.uid]).toEqual([413, uid]);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    // 96 MB were sent, by a client in this very process.
    expect(most - before).toBeLessThan(48 << 20);
    expect(webhook.running.status().underWay).toBe(0);
    expect(await heldBytes(webhook)).toBe(0);
  });

  it("F17 JSON that would fill the heap gets 413 unparsed", async () => {
    const dense = `{"request":{"uid":"${uid}","x":[${"[],".repeat(1_500_000)}0]}}`;
    const answered = await webhook.send(dense);
    expect([answered.status, answered.json().response?.uid]).toEqual([413, uid]);
  });

  it("takes the largest pod there can be", async () => {
    const pod = notebookPod();
    const annotations = { big: "x".repeat(3_000_000) };
    const big = { ...pod, metadata: { ...pod.metadata, annotations } };
    const answered = await webhook.send(JSON.stringify(reviewOf(big, { uid })));
    expect(answered.json().response).toMatchObject({ uid, allowed: true });
  });

  it("survives random bytes, cut off reviews, wrong values, deep nesting and prototype keys", async () => {
    const start = text.indexOf(uid) + uid.length + 1;
    const deep = fc.constantFrom("[", '{"a":').map((piece) => piece.repeat(50_000));
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: start, max: text.length - 1 }).map((end) => text.slice(0, end)),
      fc.json(),
      deep,
      wrongReviews(),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answered = await webhook.send(body);
        expect([200, 400]).toContain(answered.status);
        const given = body.includes(uid);
        const { response } = answered.json();
        if (given) expect(response?.uid).toBe(uid);
        if (answered.status === 200) expect(response?.uid).toBe(uid);
      }),
      { numRuns: 300 },
    );
    const after = await webhook.send(text);
    expect(after.json().response).toMatchObject({ uid, allowed: true });
    expect(webhook.running.status().underWay).toBe(0);
  });

  it("survives bytes that are no HTTP, and callers who go away", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
        await rawBytes(webhook, Buffer.from(bytes));
      }),
      { numRuns: 30 },
    );
    const half = `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${String(text.length)}\r\n\r\n${text.slice(0, 500)}`;
    for (let round = 0; round < 20; round += 1) await rawBytes(webhook, Buffer.from(half));
    await expect.poll(() => webhook.running.status().underWay).toBe(0);
    const answered = await webhook.send(text);
    expect(answered.json().response).toMatchObject({ uid, allowed: true });
  });

  it("ends a call whose body never comes, with the uid it began with", async () => {
    const head = `POST /mutate?timeout=1s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n${text.slice(0, 500)}`;
    const answered = await rawBytes(webhook, Buffer.from(head), 5_000);
    expect(answered).toMatch(/^HTTP\/1\.1 408 /);
    expect((JSON.parse(answered.split("\r\n\r\n")[1] ?? "") as Review).response?.uid).toBe(uid);
  });
});

/** Reviews with anything at one place, prototype keys and numbers beyond all bounds among them. */
function wrongReviews() {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('{"__proto__":{"allowed":true}}', "1e999", "-0", "9".repeat(400)),
  );
  const places = ['"kind"', '"object"', '"namespace"', '"userInfo"', '"metadata"', '"containers"'];
  return fc.tuple(fc.constantFrom(...places, '"name"', '"resource"'), odd).map(([place, value]) => {
    const spelled = typeof value === "string" && /^[{\d-]/.test(value) ? value : undefined;
    return text.replace(`${place}:`, `${place}:${spelled ?? JSON.stringify(value)},"__proto__":`);
  });
}

/** Sends a review followed by blanks, always the same ones, no faster than they are taken. */
function sendLarge(
  webhook: WebhookProcess,
  bytes: number,
  declared: boolean,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: webhook.port,
        ca: webhook.ca,
        servername: serverName,
        method: "POST",
        path: "/mutate",
        agent: false,
        headers: { ...json, ...(declared ? { "Content-Length": text.length + bytes } : {}) },
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode, body });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.write(text);
    const blanks = Buffer.alloc(65_536, 0x20);
    let left = bytes;
    const more = () => {
      while (left > 0) {
        left -= blanks.length;
        if (!outgoing.write(blanks)) {
          outgoing.once("drain", more);
          return;
        }
      }
      outgoing.end();
    };
    more();
  });
}

async function heldBytes(webhook: WebhookProcess): Promise<number> {
  const { body } = await webhook.send(undefined, { method: "GET", path: "/metrics" });
  return Number(/^clouder_webhook_body_bytes (\d+)$/m.exec(body)?.[1]);
}

/** Sends bytes on a connection of their own; gives what came back until it was closed. */
function rawBytes(webhook: WebhookProcess, bytes: Buffer, patience = 5): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port: webhook.port,
      ca: webhook.ca,
      servername: serverName,
    });
    let answer = "";
    socket.on("secureConnect", () => {
      socket.write(bytes);
      setTimeout(() => socket.destroy(), patience);
    });
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      resolve(answer);
    });
  });
}
