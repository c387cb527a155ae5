import { createServer } from "node:http";
import { hostname } from "node:os";
import { systemNamespace } from "#checkpoint/api/names";
import { systemClock } from "#core/clock";
import { messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import { connectInCluster } from "#kube/connect";
import { lead } from "#kube/leader";
import { injectionControllerName } from "#webhook/api/names";
import { runController } from "#webhook/controller/run-controller";
import { controllerSettings } from "#webhook/controller/settings";

/** Entry `clouder-injection-controller`: two replicas, one of which works. */

const environment = process.env;

function log(entry: LogEntry): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      stop.abort();
    });
  }
  // Answers as long as the event loop turns; standing by is healthy too.
  const health = createServer((_request, response) => {
    response.end("ok\n");
  });
  health.listen(Number(environment["CLOUDER_HEALTH_PORT"] ?? "8081"));
  try {
    await work(stop.signal);
  } finally {
    health.close();
    health.closeAllConnections();
  }
  log({ level: "info", message: "stopped" });
}

async function work(signal: AbortSignal): Promise<void> {
  const settings = controllerSettings(environment);
  const kube = await connectInCluster(environment);
  log({ level: "info", message: "started", server: kube.server });
  await lead(
    {
      kube,
      clock: systemClock,
      namespace: environment["POD_NAMESPACE"] ?? systemNamespace,
      name: injectionControllerName,
      identity: environment["POD_NAME"] ?? hostname(),
      signal,
      log,
    },
    (leading) => runController({ kube, clock: systemClock, log, settings, signal: leading }),
  );
}

main().catch((error: unknown) => {
  log({ level: "error", message: messageOf(error) });
  process.exitCode = 1;
});
