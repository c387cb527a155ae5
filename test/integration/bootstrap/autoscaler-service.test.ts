import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import fc from "fast-check";
import { grpcServer } from "#bootstrap/autoscaler/grpc";
import type { Scaler } from "#bootstrap/autoscaler/scaler";
import { serviceMethods, serviceName } from "#bootstrap/autoscaler/service";
import {
  bytesField,
  decode,
  integerField,
  integerOf,
  messagesOf,
  textOf,
} from "#bootstrap/autoscaler/wire";
import { ClouderError } from "#core/error";
import { loopbackCertificate } from "#test/lab/arm/certificate";

const asked: unknown[] = [];
const noted = (...what: unknown[]) => {
  asked.push(what);
  return Promise.resolve();
};
const scaler: Scaler = {
  groups: () => Promise.resolve([{ name: "batch", min: 0, max: 4 }]),
  groupOf: ({ name }) =>
    Promise.resolve(name === "dev-node-3" ? { name: "batch", min: 0, max: 4 } : undefined),
  target: () => Promise.resolve(3),
  instances: () =>
    Promise.resolve([
      { id: "aws:///a/i-1", state: "running" },
      { id: "clouder:///dev-node-5", state: "creating", trouble: "no quota" },
    ]),
  grow: (pool, by) =>
    by > 4
      ? Promise.reject(new ClouderError("refused", "more than its max 4"))
      : noted("grow", pool, by),
  remove: (pool, nodes) => noted("remove", pool, nodes),
  giveUp: (pool, count) => noted("give up", pool, count),
  refresh: () => asked.push("refresh"),
  idle: () => Promise.resolve(),
};

let server: ReturnType<typeof grpcServer>;
let client: ClientHttp2Session;
let pair: Awaited<ReturnType<typeof loopbackCertificate>>;
const address = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(async () => {
  asked.length = 0;
  pair = await loopbackCertificate();
  const { certificate, key } = pair;
  const methods = serviceMethods(scaler);
  server = grpcServer(serviceName, methods, { certificate, key, authority: certificate });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  client = connect(address(), { ca: certificate, cert: certificate, key });
});
afterEach(() => {
  client.destroy();
  server.close();
});

/** One unary call, as gRPC's clients make it. */
async function call(name: string, message: Uint8Array = Buffer.alloc(0), flag = 0) {
  const path = `/${serviceName}/${name}`;
  const stream = client.request({
    ...{ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" },
  });
  const told = new Map<string, string>();
  const note = (headers: object) => {
    for (const [header, value] of Object.entries(headers)) told.set(header, String(value));
  };
  stream.on("response", note);
  stream.on("trailers", note);
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return {
    status: Number(told.get("grpc-status")),
    message: decodeURIComponent(told.get("grpc-message") ?? ""),
    fields: decode(body.subarray(5)),
  };
}

describe("the service of an external gRPC cloud provider", () => {
  test("tells groups with their bounds, and whose a node is", async () => {
    const { status, fields } = await call("NodeGroups");
    expect(status).toBe(0);
    const [group] = messagesOf(fields, 1);
    expect(group && [textOf(group, 1), integerOf(group, 2), integerOf(group, 3)]).toEqual([
      ...["batch", 0, 4],
    ]);
    const of = async (name: string) =>
      messagesOf((await call("NodeGroupForNode", bytesField(1, bytesField(2, name)))).fields, 1);
    expect((await of("dev-node-3")).map((one) => textOf(one, 1))).toEqual(["batch"]);
    expect(await of("dev-master")).toEqual([]);
  });

  test("tells target and machines with their state and trouble", async () => {
    const asks = bytesField(1, "batch");
    expect(integerOf((await call("NodeGroupTargetSize", asks)).fields, 1)).toBe(3);
    const machines = messagesOf((await call("NodeGroupNodes", asks)).fields, 1);
    expect(machines.map((one) => textOf(one, 1))).toEqual([
      "aws:///a/i-1",
      "clouder:///dev-node-5",
    ]);
    const states = machines.flatMap((one) => messagesOf(one, 2));
    expect(states.map((one) => integerOf(one, 1))).toEqual([1, 2]);
    const [trouble] = states.flatMap((one) => messagesOf(one, 2));
    expect(trouble && [textOf(trouble, 1), textOf(trouble, 2), integerOf(trouble, 3)]).toEqual([
      ...["failed", "no quota", 99],
    ]);
  });

  test("takes on growth, removals and what is given up", async () => {
    const pool = bytesField(2, "batch");
    const node = Buffer.concat([bytesField(1, "aws:///a/i-1"), bytesField(2, "dev-node-3")]);
    await call("NodeGroupIncreaseSize", Buffer.concat([integerField(1, 2), pool]));
    await call("NodeGroupDeleteNodes", Buffer.concat([bytesField(1, node), pool]));
    // -1 as protobuf writes an int32.
    const minus = Buffer.from([8, ...Array<number>(9).fill(255), 1]);
    await call("NodeGroupDecreaseTargetSize", Buffer.concat([minus, pool]));
    await call("Refresh");
    expect(asked).toEqual([
      ["grow", "batch", 2],
      ["remove", "batch", [{ id: "aws:///a/i-1", name: "dev-node-3" }]],
      ["give up", "batch", 1],
      "refresh",
    ]);
  });

  test("tells refusals, and what it does not have, by gRPC's codes", async () => {
    const much = Buffer.concat([integerField(1, 9), bytesField(2, "batch")]);
    expect(await call("NodeGroupIncreaseSize", much)).toMatchObject({
      ...{ status: 2, message: "more than its max 4" },
    });
    for (const name of ["NodeGroupTemplateNodeInfo", "PricingNodePrice", "toString"]) {
      expect(await call(name)).toMatchObject({ status: 12 });
    }
    expect(await call("NodeGroups", Buffer.alloc(0), 1)).toMatchObject({ status: 3 });
    expect(await call("NodeGroupNodes", Buffer.from([0x0f]))).toMatchObject({ status: 2 });
  });

  test("lets nobody in without a certificate of its authority", async () => {
    const other = await loopbackCertificate();
    for (const own of [{}, { cert: other.certificate, key: other.key }]) {
      const stranger = connect(address(), { ca: pair.certificate, ...own });
      stranger.on("error", () => undefined);
      const stream = stranger.request({ ":method": "POST", ":path": `/${serviceName}/Refresh` });
      let answered = false;
      stream.on("response", () => (answered = true));
      stream.on("error", () => undefined);
      stream.end(Buffer.alloc(5));
      await new Promise((resolve) => stream.once("close", resolve));
      expect(answered).toBe(false);
      stranger.destroy();
    }
    expect(asked).toEqual([]);
  });
});

test("a message is read as it was written, and bytes that are none are refused", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat({ max: 2 ** 31 - 1 }), (text, number) => {
      const fields = decode(Buffer.concat([bytesField(1, text), integerField(2, number)]));
      expect(textOf(fields, 1)).toBe(Buffer.from(text).toString());
      expect(integerOf(fields, 2)).toBe(number);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "integrity" });
      }
    }),
  );
});
