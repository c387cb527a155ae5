import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "#core/clock";
import { ClouderError, messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import type { PodRequest } from "#webhook/policy/request";
import { createBodyRoom } from "#webhook/server/body-room";
import { createCalls } from "#webhook/server/calls";
import type { CertificateSource } from "#webhook/server/certificate";
import { createFigures } from "#webhook/server/figures";
import { processGauges, stateGauges } from "#webhook/server/gauges";
import { listen } from "#webhook/server/listener";
import { createMutate, type MutateContext } from "#webhook/server/mutate";
import type { OwnerEvents } from "#webhook/server/owner-events";
import { createPages } from "#webhook/server/pages";
import { followCertificate } from "#webhook/server/serving-certificate";
import type { WebhookSettings } from "#webhook/server/settings";
import type { WebhookStatus } from "#webhook/server/status";
import { createTroubles } from "#webhook/server/troubles";

/** What readiness and metrics ask of the caches. */
export interface WorldState {
  synced(): boolean;
  waitingFor(): readonly string[];
  staleness(): number;
  counts(): {
    readonly liveReads: number;
    readonly accessReviews: number;
    readonly watchRestarts: number;
  };
}

export interface WebhookContext {
  readonly settings: WebhookSettings;
  readonly version: string;
  readonly decide: MutateContext["decide"];
  readonly world: WorldState;
  readonly certificates: CertificateSource;
  readonly events: OwnerEvents;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  /** Aborted: drain and end. */
  readonly signal: AbortSignal;
  /** Default: all addresses. */
  readonly host?: string;
}

export interface RunningWebhook {
  readonly port: number;
  status(): WebhookStatus;
  /** Resolves once the signal was aborted, the last call answered and the port closed. */
  readonly ended: Promise<void>;
}

/**
 * Waits for the first certificate, opens the port, and serves until the signal aborts. From then on not
 * ready; calls are still answered for the drain's time, so that none fails.
 */
export async function runWebhook(context: WebhookContext): Promise<RunningWebhook> {
  const { settings, world, clock, log } = context;
  const startedAt = new Date(clock.now()).toISOString();
  const now = () => performance.now();
  const troubles = createTroubles(log, () => clock.now());
  const calls = createCalls(now);
  const room = createBodyRoom();
  // Watched beyond the drain's start: a rotation may fall into it.
  const over = new AbortController();
  const first = new AbortController();
  const giveUp = () => {
    first.abort(new ClouderError("cancelled", "the webhook is being stopped"));
  };
  context.signal.addEventListener("abort", giveUp, { once: true });
  const serving = await followCertificate({
    source: context.certificates,
    signal: AbortSignal.any([over.signal, first.signal]),
    log,
    trouble: (message) => {
      troubles.note(message);
    },
  });
  context.signal.removeEventListener("abort", giveUp);

  const figures = createFigures(now, [
    ...stateGauges({ serving, calls, room, world, events: context.events }),
    ...processGauges(),
  ]);
  const decide = (request: PodRequest) => {
    if (world.synced()) return context.decide(request);
    const kinds = world.waitingFor().join(", ");
    throw new ClouderError("busy", `nothing known yet of ${kinds}`);
  };
  const drain = { begun: false };
  const mutate = createMutate({
    drain,
    decide,
    decided: (request, verdict) => {
      context.events.report(request, verdict);
    },
    onFault: settings.onFault,
    timeoutMs: settings.timeoutMs,
    calls,
    room,
    figures,
    troubles,
    now,
  });
  const pages = createPages({ status, figures });
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? "";
    if (url === "/mutate" || url.startsWith("/mutate?")) mutate(request, response);
    else pages(request, response);
  };
  const listener = await listen(serving.pair, handler, {
    port: settings.port,
    clock,
    drain,
    ...(context.host === undefined ? {} : { host: context.host }),
  });
  serving.onSwap((pair) => {
    listener.swap(pair);
  });
  log({ level: "info", message: "listening", port: listener.port });

  function notReady(): readonly string[] {
    const { notBefore, notAfter } = serving.facts();
    const time = clock.now();
    const stale = world.staleness();
    return [
      ...(drain.begun ? ["draining"] : []),
      ...(world.synced() ? [] : [`waiting for ${world.waitingFor().join(", ")}`]),
      ...(time < notBefore ? ["the certificate is not valid yet"] : []),
      ...(time >= notAfter ? ["the certificate has expired"] : []),
      ...(stale > settings.maxStalenessMs
        ? [`nothing heard of the API server for ${Math.round(stale / 1000)} s`]
        : []),
    ];
  }

  function status(): WebhookStatus {
    const reasons = notReady();
    const { notBefore, notAfter, serialNumber, names, fingerprint } = serving.facts();
    const { accessReviews, liveReads, watchRestarts } = world.counts();
    const p50 = figures.latency.quantile(0.5);
    const p99 = figures.latency.quantile(0.99);
    return {
      version: context.version,
      pod: settings.podName,
      startedAt,
      ready: reasons.length === 0,
      notReady: reasons,
      certificate: {
        source: context.certificates.name,
        notBefore: new Date(notBefore).toISOString(),
        notAfter: new Date(notAfter).toISOString(),
        serialNumber,
        names,
        fingerprint,
      },
      calls: figures.totals(),
      latency: { ...(p50 === undefined ? {} : { p50 }), ...(p99 === undefined ? {} : { p99 }) },
      underWay: calls.underWay,
      connections: listener.connections(),
      watches: {
        synced: world.synced(),
        waitingFor: world.waitingFor(),
        stalenessMs: world.staleness(),
        restarts: watchRestarts,
      },
      accessReviews,
      liveReads,
      eventsDropped: context.events.dropped,
      residentBytes: process.memoryUsage.rss(),
      lastErrors: troubles.recent(),
    };
  }

  async function untilDrained(): Promise<void> {
    await aborted(context.signal);
    log({ level: "info", message: "draining", underWay: calls.underWay });
    await listener.drain(settings.drainMs, settings.timeoutMs);
    over.abort();
    calls[Symbol.dispose]();
    await Promise.race([context.events.settled(), clock.sleep(1_000)]);
    log({ level: "info", message: "stopped" });
  }

  const ended = untilDrained().catch((error: unknown) => {
    log({ level: "error", message: messageOf(error) });
  });
  return { port: listener.port, status, ended };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        "abort",
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
