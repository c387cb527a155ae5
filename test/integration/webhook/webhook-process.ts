import { request as httpsRequest, Agent, type RequestOptions } from "node:https";
import { systemClock } from "#core/clock";
import type { LogEntry } from "#core/log";
import type { Kube } from "#kube/kube";
import { servingNames } from "#webhook/certificates/facts";
import { makeAuthority, makeServing, type KeyPair } from "#webhook/certificates/make";
import type { PodRequest } from "#webhook/policy/request";
import type { Verdict } from "#webhook/review/answer";
import type { CertificatePair, CertificateSource } from "#webhook/server/certificate";
import { createOwnerEvents } from "#webhook/server/owner-events";
import { runWebhook, type RunningWebhook, type WorldState } from "#webhook/server/run-webhook";
import { readSettings, type WebhookSettings } from "#webhook/server/settings";
import { createFakeKube } from "#test/fakes/kube";

/** The webhook on a loopback port with real TLS, scripted decisions and certificates at hand. */

export const serverName = servingNames[0]!;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly json: () => Review;
}

export interface Review {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly response?: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patch?: string;
    readonly patchType?: string;
    readonly warnings?: readonly string[];
    readonly auditAnnotations?: Readonly<Record<string, string>>;
    readonly status?: { readonly code: number; readonly message: string };
  };
}

export interface WebhookProcess extends AsyncDisposable {
  readonly running: RunningWebhook;
  readonly port: number;
  readonly ca: string;
  readonly log: readonly LogEntry[];
  readonly agent: Agent;
  /** Gives the server another certificate, as the Secret's watch does. */
  offer(pair: CertificatePair): void;
  /** SIGTERM. */
  terminate(): void;
  send(body: string | Buffer | undefined, options?: RequestOptions): Promise<Answered>;
}

export interface ProcessOptions {
  readonly decide?: (request: PodRequest) => Promise<Verdict>;
  readonly settings?: Partial<WebhookSettings>;
  readonly world?: Partial<WorldState>;
  readonly kube?: Kube;
  readonly pair?: CertificatePair;
  readonly authority?: KeyPair;
}

export const yearMs = 365 * 86_400_000;

export async function startWebhook(options: ProcessOptions = {}): Promise<WebhookProcess> {
  const authority = options.authority ?? (await makeAuthority(Date.now(), yearMs));
  const first = options.pair ?? (await makeServing(authority, Date.now(), yearMs));
  const { source, offer } = scriptedSource(first);
  const log: LogEntry[] = [];
  const stop = new AbortController();
  const kube = options.kube ?? createFakeKube();
  const note = (entry: LogEntry) => log.push(entry);
  const running = await runWebhook({
    settings: {
      ...readSettings({}, { podName: "webhook-1", certificateSecret: "tls" }),
      port: 0,
      drainMs: 0,
      ...options.settings,
    },
    version: "0.0.0-test",
    decide: options.decide ?? (() => Promise.resolve(oneOperation)),
    world: { ...syncedWorld, ...options.world },
    certificates: source,
    events: createOwnerEvents({ kube, clock: systemClock, log: note, host: "webhook-1" }),
    clock: systemClock,
    log: note,
    signal: stop.signal,
    host: "127.0.0.1",
  });
  const agent = new Agent({ keepAlive: true, ca: authority.certificate, servername: serverName });
  return {
    running,
    port: running.port,
    ca: authority.certificate,
    log,
    agent,
    offer,
    terminate: () => {
      stop.abort();
    },
    send: (body, request = {}) =>
      send(body, { host: "127.0.0.1", port: running.port, agent, ...request }),
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      stop.abort();
      await running.ended;
    },
  };
}

export const oneOperation: Verdict = {
  operations: [{ op: "add", path: "/metadata/annotations/x", value: "y" }],
  outcomes: [],
  warnings: [],
};

const syncedWorld: WorldState = {
  synced: () => true,
  waitingFor: () => [],
  staleness: () => 0,
  counts: () => ({ liveReads: 0, accessReviews: 0, watchRestarts: 0 }),
};

function scriptedSource(first: CertificatePair) {
  const queue: CertificatePair[] = [first];
  let wake = () => undefined as unknown;
  const source: CertificateSource = {
    name: "the test",
    follow: async function* (signal) {
      const aborted = () => {
        wake();
      };
      signal.addEventListener("abort", aborted, { once: true });
      while (!signal.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
  const offer = (pair: CertificatePair) => {
    queue.push(pair);
    wake();
  };
  return { source, offer };
}

/** One request; POST /mutate of JSON unless the options say otherwise. */
export function send(
  body: string | Buffer | undefined,
  options: RequestOptions,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        method: "POST",
        path: "/mutate?timeout=10s",
        ...options,
        headers: {
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(options.headers as Record<string, string> | undefined),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            json: () => JSON.parse(text) as Review,
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
