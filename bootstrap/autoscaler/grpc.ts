import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import { decode, type Fields } from "#bootstrap/autoscaler/wire";
import { isClouderError, messageOf } from "#core/error";

/** Answers one call: fields of the request to the bytes of the response. */
export type Method = (request: Fields) => Promise<Uint8Array>;

/** PEM texts of a server that lets in only clients with a certificate of its authority. */
export interface Identity {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

const status = { ok: 0, unknown: 2, invalid: 3, unimplemented: 12, internal: 13 } as const;
const largestRequest = 4 * 2 ** 20;

/**
 * A server of gRPC's unary calls over HTTP/2 with mutual TLS: as much of gRPC as cluster-autoscaler
 * speaks, without compression. Methods that it does not have are answered as unimplemented.
 */
export function grpcServer(
  service: string,
  methods: Readonly<Record<string, Method>>,
  { key, certificate, authority }: Identity,
): Http2SecureServer {
  const server = createSecureServer({
    ...{ key, cert: certificate, ca: authority },
    ...{ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.2", allowHTTP1: false },
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {
      // The client went away: there is nobody to tell.
    });
    const [, called = "", name = ""] = (headers[":path"] ?? "").split("/");
    const known = called === service && Object.hasOwn(methods, name) ? methods[name] : undefined;
    void answer(stream, known);
  });
  return server;
}

async function answer(stream: ServerHttp2Stream, method: Method | undefined): Promise<void> {
  if (!method) {
    fail(stream, status.unimplemented, "not implemented");
    return;
  }
  try {
    const request = await requestOf(stream);
    if (!request)
      fail(stream, status.invalid, "one uncompressed message of at most 4 MiB is expected");
    else succeed(stream, await method(decode(request)));
  } catch (error) {
    fail(stream, isClouderError(error) ? status.unknown : status.internal, messageOf(error));
  }
}

/** The message of a call: a flag, four bytes of length, and as many bytes; undefined for others. */
async function requestOf(stream: ServerHttp2Stream): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > largestRequest) return undefined;
    chunks.push(chunk);
  }
  const all = Buffer.concat(chunks);
  if (all.length < 5 || all[0] !== 0 || all.readUInt32BE(1) !== all.length - 5) return undefined;
  return all.subarray(5);
}

const contentType = { ":status": 200, "content-type": "application/grpc" } as const;

function succeed(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed) return;
  stream.respond(contentType, { waitForTrailers: true });
  stream.once("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": String(status.ok) });
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
}

function fail(stream: ServerHttp2Stream, code: number, message: string): void {
  if (stream.destroyed) return;
  const trailers = { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) };
  stream.respond({ ...contentType, ...trailers }, { endStream: true });
}
