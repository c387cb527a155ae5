import { request } from "node:http";
import { ClouderError } from "#core/error";

export interface MetadataRequest {
  readonly method?: "GET" | "PUT";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks a machine's metadata service, never through a proxy; `unreachable` when it does not answer. */
export type AskMetadata = (
  request: MetadataRequest,
  signal: AbortSignal,
) => Promise<MetadataAnswer>;

/** Where both clouds have it. */
export const metadataEndpoint = "http://169.254.169.254";

/** Notices are a few hundred bytes. */
const largest = 256 * 1024;

/** Requests to one metadata service. */
export function metadataAt(endpoint: string): AskMetadata {
  return ({ method = "GET", path, headers = {}, timeoutMs }, signal) =>
    new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        reject(
          new ClouderError("unreachable", `no answer of the metadata service ${endpoint}${path}`, {
            hint: "it answers on the node's own network only: is hostNetwork on?",
            retryable: true,
            cause,
          }),
        );
      };
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const call = request(
        new URL(path, endpoint),
        { method, headers, agent: false, signal: limit },
        (response) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          response.on("data", (part: Buffer) => {
            bytes += part.length;
            if (bytes > largest) response.destroy(new Error("the answer is too long"));
            else parts.push(part);
          });
          response.once("error", fail);
          response.once("end", () => {
            resolve({
              status: response.statusCode ?? 0,
              body: Buffer.concat(parts).toString("utf8"),
            });
          });
        },
      );
      call.once("error", fail);
      call.end();
    });
}

/** The error for an answer that the service should not give. */
export function unexpected(path: string, { status }: MetadataAnswer): ClouderError {
  return new ClouderError("unreachable", `the metadata service answers ${status} to ${path}`, {
    retryable: true,
    details: { status },
  });
}

/** An answer's JSON. */
export function jsonOf(path: string, { body }: MetadataAnswer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new ClouderError("unreachable", `the metadata service gives no JSON at ${path}`, {
      retryable: true,
      cause,
    });
  }
}
