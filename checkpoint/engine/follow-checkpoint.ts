import { checkpoints, type Checkpoint } from "#checkpoint/api/types";
import {
  errorOfStatus,
  followObject,
  warnWhenIdle,
  type Following,
  type Namespaced,
} from "#checkpoint/engine/follow-object";
import { reportPhases } from "#checkpoint/engine/phase-report";

const titles = {
  Pending: "waiting for the controller",
  Scheduled: "waiting for the node's agent",
  Checkpointing: "freezing and dumping",
  Uploading: "storing",
} as const;

/** Follows a Checkpoint with progress until it is Completed; rejects with its error when it failed. */
export async function followCheckpoint(
  name: Namespaced,
  following: Following,
): Promise<Checkpoint> {
  const phases = reportPhases(following.report, following.clock, titles);
  const idle = warnWhenIdle(
    following,
    `nobody has taken up checkpoint ${name.name} yet; is the controller up? kubectl clouder doctor`,
    15_000,
  );
  try {
    return await followObject(checkpoints, name, following, (checkpoint) => {
      const { status = {} } = checkpoint;
      if (status.phase !== undefined && status.phase !== "Pending") idle.stop();
      if (status.phase === "Failed") {
        phases.end(status.error?.message ?? "failed");
        throw errorOfStatus(status.error, `checkpoint ${name.name}`);
      }
      phases.seen(status);
      return status.phase === "Completed" ? checkpoint : undefined;
    });
  } finally {
    idle.stop();
  }
}
