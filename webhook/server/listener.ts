import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Clock } from "#core/clock";
import type { CertificatePair } from "#webhook/server/certificate";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listener {
  readonly port: number;
  /** New connections get this certificate from now on; those that are open go on. */
  swap(pair: CertificatePair): void;
  readonly connections: () => number;
  /**
   * Ends without failing a call: for `graceMs` calls are still taken and their connections closed by the
   * answer, then the door is shut, idle connections are closed and the rest is given `restMs`.
   */
  drain(graceMs: number, restMs: number): Promise<void>;
}

/** Shared by all who answer: once a drain has begun, answers close their connections. */
export interface DrainState {
  begun: boolean;
}

export interface ListenerSettings {
  readonly port: number;
  readonly host?: string;
  readonly clock: Clock;
  readonly drain: DrainState;
}

/** The API server keeps idle connections for 90 s; whoever closes first loses a call. */
const keepAliveMs = 125_000;
const handshakeMs = 10_000;
const mostConnections = 4_000;
/** While the last calls are answered, connections that have become idle are closed so often. */
const idleMs = 50;

/** Opens the port. */
export async function listen(
  pair: CertificatePair,
  handler: Handler,
  settings: ListenerSettings,
): Promise<Listener> {
  const { drain } = settings;
  const server = createServer(
    {
      ...secureContext(pair),
      handshakeTimeout: handshakeMs,
      keepAliveTimeout: keepAliveMs,
      // Counts from the opening of a connection, too, and clients open some in advance.
      headersTimeout: keepAliveMs + 5_000,
      // Would end such connections as well; bodies have the time limit of their call.
      requestTimeout: 0,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16_384,
      noDelay: true,
    },
    (request, response) => {
      if (drain.begun) response.shouldKeepAlive = false;
      response.sendDate = false;
      handler(request, response);
    },
  );
  server.maxRequestsPerSocket = 0;
  server.maxConnections = mostConnections;
  const connections = countConnections(server);
  // Strangers who speak no TLS or break off are no trouble of ours.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : settings.port,
    swap: (next) => {
      server.setSecureContext(secureContext(next));
    },
    connections,
    drain: async (graceMs, restMs) => {
      drain.begun = true;
      await settings.clock.sleep(graceMs);
      await shut(server, settings.clock, restMs);
    },
  };
}

function secureContext({ certificate, key }: CertificatePair) {
  return { cert: certificate, key, minVersion: "TLSv1.2" as const };
}

function countConnections(server: Server): () => number {
  let open = 0;
  server.on("connection", (socket: { once(event: "close", listener: () => void): void }) => {
    open += 1;
    socket.once("close", () => {
      open -= 1;
    });
  });
  return () => open;
}

async function shut(server: Server, clock: Clock, restMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, idleMs);
  const done = new AbortController();
  const patience = clock.sleep(restMs, done.signal).catch(() => undefined);
  await Promise.race([closed, patience]);
  done.abort();
  clearInterval(idle);
  server.closeAllConnections();
  await closed;
}
