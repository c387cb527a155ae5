import { ClouderError, isClouderError } from "#core/error";
import { releaseBuffer } from "#core/release-buffer";

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
  "REQUEST_SEND_ERROR",
  "PARSE_ERROR",
]);

/** The fields that SDKs, node:http and system calls put on their errors. */
export interface SdkError {
  readonly name?: string;
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly statusCode?: number;
}

/**
 * An SDK's error cut down to what may be kept: the whole one holds the request, with its
 * signature or access token.
 */
export function causeOf(error: unknown): Error {
  const { name, code, message, $metadata, statusCode } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? statusCode;
  const facts = [typeof code === "string" && code !== name ? code : "", status ?? ""].filter(
    String,
  );
  const text = message?.split("\n", 1)[0]?.slice(0, 500) ?? "";
  const cause = new Error(facts.length === 0 ? text : `${text} (${facts.join(", ")})`);
  cause.name = name ?? "Error";
  return cause;
}

/** `cancelled` and `unreachable` as every driver tells them; undefined for anything else. */
export function networkError(error: unknown, location: string): ClouderError | undefined {
  if (isClouderError(error)) return error;
  if (typeof error !== "object" || error === null) return undefined;
  const { name, code, cause, message } = error as SdkError;
  if (name === "AbortError") return new ClouderError("cancelled", "cancelled");
  const known = typeof code === "string" && networkCodes.has(code);
  if (known || name === "TimeoutError" || message === "aborted" || message === "socket hang up") {
    return unreachable(location, causeOf(error));
  }
  return cause === undefined ? undefined : networkError(cause, location);
}

export function unreachable(location: string, cause?: unknown): ClouderError {
  return new ClouderError("unreachable", `${location} does not answer`, {
    retryable: true,
    hint: "check the endpoint and the network; the same command may be run again",
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Gives the chunks on, each until the next one is asked for; errors are translated, and a body that
 * ends early is `unreachable`.
 */
export async function* wholeBody(
  body: AsyncIterable<Uint8Array>,
  wanted: number | undefined,
  location: string,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      // Pieces of one read come one after the other: behind the last of them nobody needs it.
      const last = chunk.byteOffset + chunk.length === chunk.buffer.byteLength;
      yield chunk;
      if (last) releaseBuffer(chunk);
    }
  } catch (error) {
    throw translate(error);
  }
  if (wanted !== undefined && bytes !== wanted) throw unreachable(location);
}
