import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { ClouderError } from "#core/error";

/** How one API server is reached. Drivers: `#kube/client` (kubeconfig), `#kube/in-cluster`. */
export interface Transport {
  /** Base URL without a trailing slash; may hold a path. */
  readonly server: string;
  readonly context: string | undefined;
  readonly namespace: string;
  /** Agent and credentials of one request; asked before each, so that tokens may change. */
  options(): Promise<RequestOptions>;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the query, starting with `/`. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Until the response's head has come; 0 waits forever. */
  readonly timeoutMs: number;
}

/** Sends one request and gives the response once its head is there; rejects with a ClouderError. */
export async function send(transport: Transport, request: HttpRequest): Promise<IncomingMessage> {
  const options = await transport.options();
  try {
    return await once(transport, options, request);
  } catch (error) {
    // The server closed an idle connection just as it was taken: it has seen nothing of a request.
    if (error instanceof StaleConnection) return once(transport, options, request);
    throw error;
  }
}

class StaleConnection extends ClouderError {}

function once(
  transport: Transport,
  options: RequestOptions,
  wanted: HttpRequest,
): Promise<IncomingMessage> {
  const url = new URL(transport.server + wanted.path);
  const headers: Record<string, string | number> = {
    ...(options.headers as Record<string, string>),
    Accept: "application/json",
    "User-Agent": "kubectl-clouder",
  };
  if (wanted.body !== undefined) {
    headers["Content-Type"] = wanted.contentType ?? "application/json";
    headers["Content-Length"] = Buffer.byteLength(wanted.body);
  }
  const start = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const cancelled = () => new ClouderError("cancelled", "cancelled");
    if (wanted.signal?.aborted) {
      reject(cancelled());
      return;
    }
    const outgoing = start(url, { ...options, headers, method: wanted.method });
    const timer =
      wanted.timeoutMs > 0
        ? setTimeout(() => {
            outgoing.destroy(tooSlow(transport, wanted));
          }, wanted.timeoutMs)
        : undefined;
    const abort = () => {
      outgoing.destroy(cancelled());
    };
    wanted.signal?.addEventListener("abort", abort, { once: true });
    outgoing.once("response", (response) => {
      clearTimeout(timer);
      response.once("close", () => wanted.signal?.removeEventListener("abort", abort));
      resolve(response);
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      wanted.signal?.removeEventListener("abort", abort);
      const stale = outgoing.reusedSocket && error.code === "ECONNRESET";
      if (stale && wanted.method !== "POST") {
        reject(new StaleConnection("unreachable", error.message, { retryable: true }));
      } else reject(connectionError(transport, error));
    });
    outgoing.end(wanted.body);
  });
}

function tooSlow(transport: Transport, wanted: HttpRequest): ClouderError {
  const seconds = String(wanted.timeoutMs / 1000);
  return new ClouderError("timeout", `${transport.server} did not answer within ${seconds} s`, {
    retryable: true,
    hint: "look whether the API server is up, or give it longer with --request-timeout",
  });
}

/** Turns what node's sockets and TLS throw into our errors. */
export function connectionError(transport: Transport, error: NodeJS.ErrnoException): ClouderError {
  if (error instanceof ClouderError) return error;
  const code = error.code ?? "";
  const text = error.message === "" ? code : error.message;
  if (/CERT|SSL|TLS|SELF_SIGNED|ISSUER|SIGNATURE/.test(code)) {
    return new ClouderError(
      "unreachable",
      `no trusted connection to ${transport.server}: ${text}`,
      {
        cause: error,
        hint: "the certificate authority or client certificate of this context does not belong to this server; get a fresh kubeconfig",
      },
    );
  }
  return new ClouderError(
    "unreachable",
    `cannot reach the API server ${transport.server}: ${text}`,
    {
      retryable: true,
      cause: error,
      hint: "check the context (kubectl config current-context), the network and that the cluster is up",
    },
  );
}

/** Reads a response to its end as text. */
export async function readText(transport: Transport, response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Uint8Array);
  } catch (error) {
    throw connectionError(transport, error as NodeJS.ErrnoException);
  }
  return Buffer.concat(chunks).toString("utf8");
}
