import { hostname } from "node:os";
import { systemClock } from "#core/clock";
import { messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import { version } from "#core/version";
import { connectInCluster } from "#kube/connect";
import { servingSecretName } from "#webhook/api/names";
import { decide } from "#webhook/decide";
import { certificateFolder } from "#webhook/server/certificate-folder";
import { certificateSecret } from "#webhook/server/certificate-secret";
import { createOwnerEvents } from "#webhook/server/owner-events";
import { runWebhook } from "#webhook/server/run-webhook";
import { readSettings } from "#webhook/server/settings";
import { openWorld } from "#webhook/world/world";

/** Entry `clouder-webhook`: answers the API server; all replicas work. */

const environment = process.env;

function log(entry: LogEntry): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log({ level: "info", message: "stopping", signal: name });
      stop.abort();
    });
  }
  const settings = readSettings(environment, {
    podName: hostname(),
    certificateSecret: servingSecretName,
  });
  const kube = await connectInCluster(environment);
  log({ level: "info", message: "started", version, server: kube.server });
  const clock = systemClock;
  // The caches live through the drain: calls are still decided then.
  const over = new AbortController();
  const world = openWorld({ kube, clock, log, signal: over.signal });
  const { certificateFolder: folder, namespace, certificateSecret: name } = settings;
  try {
    const webhook = await runWebhook({
      settings,
      version,
      decide: (request) => decide(request, world),
      world,
      certificates:
        folder === undefined
          ? certificateSecret(kube, { namespace, name }, clock)
          : certificateFolder(folder, clock),
      events: createOwnerEvents({ kube, clock, log, host: settings.podName }),
      clock,
      log,
      signal: stop.signal,
    });
    await webhook.ended;
  } finally {
    over.abort();
    await world.ended;
  }
}

main().catch((error: unknown) => {
  log({ level: "error", message: messageOf(error) });
  process.exitCode = 1;
});
