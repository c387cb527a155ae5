import { readFile } from "node:fs/promises";
import { createCluster, type CreateClusterRequest } from "#bootstrap/create-cluster";
import { systemClock } from "#core/clock";
import { isClouderError, messageOf } from "#core/error";
import { silent } from "#core/report";

/** A create in a process of its own, whose memory can be measured: reads a request, prints what came of it. */

export interface ClientAnswer {
  readonly milliseconds: number;
  /** The most that the process ever held. */
  readonly rssBytes: number;
  readonly changed?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}

const request = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as CreateClusterRequest;
const started = performance.now();
const answered = await createCluster(request, { report: silent, clock: systemClock }).then(
  ({ changed }) => ({ changed }),
  (error: unknown) => ({
    error: { code: isClouderError(error) ? error.code : "bug", message: messageOf(error) },
  }),
);
const answer: ClientAnswer = {
  ...answered,
  milliseconds: Math.round(performance.now() - started),
  rssBytes: mostMemory(await readFile("/proc/self/status", "utf8")),
};
process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Not getrusage's figure: that counts what the parent held when it forked. */
function mostMemory(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
