import type { NodeAccess, RunResult } from "#bootstrap/nodes/node-access";
import { isLocked } from "#bootstrap/packages/dpkg";
import type { PlanContext } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

/** No question, no wait without end, no replacement of files that somebody changed. */
const options = [
  ...["-q", "-y", "-o", "DPkg::Lock::Timeout=180", "-o", "Dpkg::Options::=--force-confold"],
  ...["-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=20"],
  ...["-o", "Acquire::https::Timeout=20"],
];
const environment = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "NEEDRESTART_SUSPEND=1"];

/** Who runs apt on which machine. */
export interface AptRun {
  readonly context: Pick<PlanContext, "clock" | "signal">;
  readonly access: NodeAccess;
}

/** Runs apt-get there, after whoever else is at work with it; the caller looks at the status. */
export function aptGet(run: AptRun, args: readonly string[]): Promise<RunResult> {
  return unlocked(run, ["apt-get", ...options, ...args]);
}

/** Runs a program of the package system as soon as no other holds its locks. */
export function unlocked(
  { context: { clock, signal }, access }: AptRun,
  argv: readonly string[],
): Promise<RunResult> {
  return waitFor(
    `the package lock of ${access.host}`,
    {
      ...{ timeoutMs: 300_000, everyMs: 3000, clock, signal },
      hint: `on ${access.host}: see what holds it with fuser -v /var/lib/dpkg/lock-frontend`,
    },
    async () => {
      const result = await access.run(["env", ...environment, ...argv], {
        ...{ allowFailure: true, timeoutMs: 900_000, signal },
      });
      return result.status !== 0 && isLocked(result.stderr) ? undefined : result;
    },
  );
}

/** What a run printed, both ways: apt tells causes on one and the other. */
export function said({ stdout, stderr }: RunResult): string {
  return `${stdout}\n${stderr}`;
}
