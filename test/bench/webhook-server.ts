import { systemClock } from "#core/clock";
import type { Kube } from "#kube/kube";
import { decide } from "#webhook/decide";
import { certificateFolder } from "#webhook/server/certificate-folder";
import { createOwnerEvents } from "#webhook/server/owner-events";
import { runWebhook } from "#webhook/server/run-webhook";
import { readSettings } from "#webhook/server/settings";
import { openWorld } from "#webhook/world/world";
import { objects } from "#test/bench/webhook-server-objects";
import { createFakeKube } from "#test/fakes/kube";

/** Child of the webhook bench: the whole webhook over an API server in memory. */

function allowAll(kube: ReturnType<typeof createFakeKube>): Kube {
  kube.answerRaw = () => ({ status: 201, body: JSON.stringify({ status: { allowed: true } }) });
  return kube;
}

const stop = new AbortController();
process.once("SIGTERM", () => {
  stop.abort();
});
const [folder = "", drainSeconds = "1"] = process.argv.slice(2);
const kube = allowAll(createFakeKube(objects));
const clock = systemClock;
const log = () => undefined;
const world = openWorld({ kube, clock, log, signal: new AbortController().signal });
const running = await runWebhook({
  settings: {
    ...readSettings(
      { CLOUDER_WEBHOOK_DRAIN_SECONDS: drainSeconds },
      {
        podName: "bench",
        certificateSecret: "",
      },
    ),
    port: 0,
  },
  version: "bench",
  decide: (request) => decide(request, world),
  world,
  certificates: certificateFolder(folder, clock, 200),
  events: createOwnerEvents({ kube, clock, log, host: "bench" }),
  clock,
  log,
  signal: stop.signal,
  host: "127.0.0.1",
});
process.stdout.write(`listening ${String(running.port)}\n`);
await running.ended;
process.exit(0);
