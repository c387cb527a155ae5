import { writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createCluster, type CreateClusterRequest } from "#bootstrap/create-cluster";
import { systemClock } from "#core/clock";
import { isClouderError, messageOf } from "#core/error";
import type { Reporter } from "#core/report";

/**
 * A create in a process of its own, whose memory can be measured and which can be killed: reads a
 * request, prints what came of it. With a list of step boundaries (JSON) it ends itself by SIGKILL
 * at the first that is not among them, and prints that one.
 */

export interface ClientAnswer {
  readonly milliseconds: number;
  /** The most that the process ever held. */
  readonly rssBytes: number;
  /** Its own work, of user and system. */
  readonly cpuMs: number;
  readonly changed?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}

const request = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as CreateClusterRequest;
const [, , , passed] = process.argv;
const died = new Set(JSON.parse(passed ?? "[]") as readonly string[]);
const report: Reporter = (event) => {
  if (passed === undefined || !/^step-(started|done)$/.test(event.type)) return;
  const boundary = "step" in event ? `${event.type} ${event.step}` : "";
  if (died.has(boundary)) return;
  writeSync(1, boundary);
  process.kill(process.pid, "SIGKILL");
};
const started = performance.now();
const answered = await createCluster(request, { report, clock: systemClock }).then(
  ({ changed }) => ({ changed }),
  (error: unknown) => ({
    error: { code: isClouderError(error) ? error.code : "bug", message: messageOf(error) },
  }),
);
const answer: ClientAnswer = {
  ...answered,
  milliseconds: Math.round(performance.now() - started),
  cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000),
  rssBytes: mostMemory(await readFile("/proc/self/status", "utf8")),
};
process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Not getrusage's figure: that counts what the parent held when it forked. */
function mostMemory(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
