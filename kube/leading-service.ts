import { createServer } from "node:http";
import { hostname } from "node:os";
import { type Clock, systemClock } from "#core/clock";
import { messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import { connectInCluster } from "#kube/connect";
import type { Kube } from "#kube/kube";
import { lead } from "#kube/leader";

export interface LeadingService {
  /** Its own, and its Lease's. */
  readonly name: string;
  /** Where the Lease lies unless POD_NAMESPACE says. */
  readonly namespace: string;
  /** The process that it is: entry points give theirs. */
  readonly host: Pick<NodeJS.Process, "env" | "exitCode" | "once" | "stdout">;
}

/** What the one working replica works with, until the signal aborts. */
export interface LeadingContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}

type Work = (context: LeadingContext) => Promise<void>;

/**
 * The whole life of a program of which several replicas run and one works: health answers, the lease,
 * its work while it holds that, and the end on SIGTERM. `prepare` reads the environment, so that
 * a wrong one ends the program at once. Never rejects: what ended it is logged and sets the exit code.
 */
export async function runLeadingService(
  service: LeadingService,
  prepare: (environment: NodeJS.ProcessEnv) => Work,
): Promise<void> {
  const { host } = service;
  const log = (entry: LogEntry) => {
    host.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
  };
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    host.once(name, () => {
      stop.abort();
    });
  }
  // Answers as long as the event loop turns; standing by is healthy too.
  const health = createServer((_request, response) => {
    response.end("ok\n");
  });
  health.listen(Number(host.env["CLOUDER_HEALTH_PORT"] ?? "8081"));
  try {
    await serve(service, prepare(host.env), log, stop.signal);
    log({ level: "info", message: "stopped" });
  } catch (error) {
    log({ level: "error", message: messageOf(error) });
    host.exitCode = 1;
  } finally {
    health.close();
    health.closeAllConnections();
  }
}

async function serve(
  { name, namespace, host }: LeadingService,
  work: Work,
  log: (entry: LogEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const kube = await connectInCluster(host.env);
  log({ level: "info", message: "started", server: kube.server });
  const identity = host.env["POD_NAME"] ?? hostname();
  const place = { namespace: host.env["POD_NAMESPACE"] ?? namespace, name, identity };
  await lead({ kube, clock, ...place, signal, log }, (leading) =>
    work({ kube, clock, log, signal: leading }),
  );
}
