import { messageOf } from "#core/error";
import type { Agent } from "#checkpoint/agent/agent";
import { discardCheckpoint } from "#checkpoint/engine/discard-checkpoint";
import type { CheckpointJob } from "#checkpoint/engine/journal";
import { removeForeignSpools } from "#checkpoint/engine/spool";

/**
 * Discards journalled jobs that nobody goes on with, and removes spools that belong to no job. Tries
 * again with each call what a store does not let go of. Never rejects.
 */
export async function sweepCheckpoints(
  agent: Agent,
  isLive: (uid: string) => boolean,
): Promise<void> {
  const { journal, folders } = agent.checkpointing;
  try {
    for (const job of await journal.list()) {
      if (isLive(job.uid)) continue;
      const clean = await discard(agent, job);
      agent.log(clean ? "info" : "warn", "leftovers of a checkpoint", {
        checkpoint: `${job.source.namespace}/${job.id}`,
        removed: clean,
      });
    }
    const removed = await removeForeignSpools(folders.spool, async () => {
      const jobs = await journal.list();
      return new Set(jobs.flatMap((job) => job.containers.map((one) => one.containerID)));
    });
    if (removed.length > 0) agent.log("info", "spools removed", { spools: removed.length });
  } catch (error) {
    agent.log("warn", "leftovers not looked at", { error: messageOf(error) });
  }
}

async function discard(agent: Agent, job: CheckpointJob): Promise<boolean> {
  // A dying job discards itself; it is in the journal until it has.
  const store = await agent.openStore(job.storeName).catch(() => undefined);
  try {
    return await discardCheckpoint(agent.checkpointing, job, store);
  } finally {
    await store?.close().catch(() => undefined);
  }
}
