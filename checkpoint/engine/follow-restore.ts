import { restores, type Restore } from "#checkpoint/api/types";
import {
  errorOfStatus,
  followObject,
  warnWhenIdle,
  type Following,
  type Namespaced,
} from "#checkpoint/engine/follow-object";
import { reportPhases, type PhaseReport } from "#checkpoint/engine/phase-report";

const titles = {
  Pending: "choosing a node",
  Scheduled: "waiting for the node's agent",
  Staging: "fetching and verifying",
  Restoring: "restoring the processes",
} as const;

/** The steps of one Restore, over both waits. */
export function restorePhases({ report, clock }: Pick<Following, "report" | "clock">): PhaseReport {
  return reportPhases(report, clock, titles);
}

/** Waits until the pod may be created. */
export async function followUntilStaged(
  name: Namespaced,
  following: Following,
  phases: PhaseReport,
): Promise<Restore> {
  const idle = warnWhenIdle(
    following,
    `nobody has taken up restore ${name.name} yet; is the controller up? kubectl clouder doctor`,
    15_000,
  );
  try {
    return await follow(name, following, phases, (restore) => {
      const phase = restore.status?.phase ?? "Pending";
      if (phase !== "Pending") idle.stop();
      return ["Staged", "Restoring", "Completed"].includes(phase) ? restore : undefined;
    });
  } finally {
    idle.stop();
  }
}

/** Waits until the pod's processes go on. */
export async function followUntilCompleted(
  name: Namespaced,
  following: Following,
  phases: PhaseReport,
): Promise<Restore> {
  return follow(name, following, phases, (restore) =>
    restore.status?.phase === "Completed" ? restore : undefined,
  );
}

function follow(
  name: Namespaced,
  following: Following,
  phases: PhaseReport,
  look: (restore: Restore) => Restore | undefined,
): Promise<Restore> {
  return followObject(restores, name, following, (restore) => {
    const { status = {} } = restore;
    if (status.phase === "Failed") {
      phases.end(status.error?.message ?? "failed");
      throw errorOfStatus(status.error, `restore ${name.name}`);
    }
    phases.seen(status);
    return look(restore);
  });
}
