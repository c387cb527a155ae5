import { rm } from "node:fs/promises";
import type { Store } from "#checkpoint/stores/store";
import { removeCheckpoint } from "#checkpoint/archive/catalog";
import type { CheckpointEnvironment } from "#checkpoint/engine/checkpoint-pod";
import type { CheckpointJob } from "#checkpoint/engine/journal";
import { removeArchivesOfCalls } from "#checkpoint/engine/node-archive";
import { openSpool } from "#checkpoint/engine/spool";
import { archiveHere } from "#checkpoint/engine/store-container";

/** The part of the environment that cleaning up needs. */
export type Discarding = Pick<CheckpointEnvironment, "journal" | "folders">;

/**
 * Removes all that a job has left, on the node first. False when the store did not let go of its part:
 * the journal then holds the job with `discard` set, and this is to be called again.
 */
export async function discardCheckpoint(
  environment: Discarding,
  job: CheckpointJob,
  store: Store | undefined,
): Promise<boolean> {
  await environment.journal.write({ ...job, discard: true });
  for (const container of job.containers) {
    const target = { ...job.source, container: container.name };
    const { here } = environment.folders.archives;
    await removeArchivesOfCalls(here, target, container.callTimes);
    if (container.archive !== undefined) {
      await rm(archiveHere(environment, container.archive), { force: true });
    }
    await openSpool(environment.folders.spool, container.containerID).remove();
  }
  try {
    if (!store) return false;
    await removeCheckpoint(store, job.source.namespace, job.source.pod, job.id);
  } catch {
    return false;
  }
  await environment.journal.remove(job.uid);
  return true;
}
