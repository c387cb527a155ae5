import { ClouderError } from "#core/error";
import { finalizers } from "#checkpoint/api/names";
import { checkpoints, type Checkpoint } from "#checkpoint/api/types";
import type { Agent } from "#checkpoint/agent/agent";
import { deleteStored } from "#checkpoint/agent/delete-stored";
import { createGate, createLane } from "#checkpoint/agent/gate";
import { runCheckpoint } from "#checkpoint/agent/run-checkpoint";
import { sweepCheckpoints } from "#checkpoint/agent/sweep-checkpoints";

const jobsAtOnce = 4;
const sweepEveryMs = 60_000;

interface Live {
  readonly stop: AbortController;
  readonly end: Promise<void>;
}

/**
 * Follows the Checkpoints of this node until the agent ends: does them, one per pod at a time, removes
 * the stored data of deleted ones, and clears away what jobs that are over have left.
 */
export async function watchCheckpoints(agent: Agent): Promise<void> {
  const gate = createGate(jobsAtOnce);
  const lane = createLane();
  const live = new Map<string, Live>();
  const deleting = new Set<string>();

  const begin = (checkpoint: Checkpoint) => {
    const { uid = "", namespace = "" } = checkpoint.metadata;
    const stop = new AbortController();
    const work = lane(`${namespace}/${checkpoint.spec.podName}`, () =>
      gate(async () => {
        if (stop.signal.aborted || agent.stopping.aborted) return;
        await runCheckpoint(agent, checkpoint, stop.signal);
      }),
    );
    live.set(uid, { stop, end: work.finally(() => live.delete(uid)) });
  };
  const end = async ({ metadata }: Checkpoint) => {
    const running = live.get(metadata.uid ?? "");
    running?.stop.abort(new ClouderError("cancelled", "the Checkpoint was deleted"));
    await running?.end;
  };
  const remove = async (checkpoint: Checkpoint) => {
    const { uid = "", finalizers: held = [] } = checkpoint.metadata;
    if (deleting.has(uid)) return;
    deleting.add(uid);
    await end(checkpoint);
    if (held.includes(finalizers.storedData)) await deleteStored(agent, checkpoint);
    deleting.delete(uid);
  };
  const consider = (checkpoint: Checkpoint) => {
    if (checkpoint.status?.nodeName !== agent.nodeName) return;
    if (checkpoint.metadata.deletionTimestamp !== undefined) void remove(checkpoint);
    else if (isAtWork(checkpoint) && !live.has(checkpoint.metadata.uid ?? "")) begin(checkpoint);
  };

  let sweeping: Promise<void> | undefined;
  for await (const event of agent.kube.watch(checkpoints, {}, agent.stopping)) {
    if (event.type === "DELETED") void end(event.object);
    else for (const one of event.type === "RESYNC" ? event.objects : [event.object]) consider(one);
    // Only now is it known which journalled jobs somebody still wants.
    sweeping ??= keepSweeping(agent, (uid) => live.has(uid) || deleting.has(uid));
  }
  await Promise.all([...[...live.values()].map((job) => job.end), sweeping]);
}

async function keepSweeping(agent: Agent, isLive: (uid: string) => boolean): Promise<void> {
  while (!agent.stopping.aborted) {
    await sweepCheckpoints(agent, isLive);
    await agent.clock.sleep(sweepEveryMs, agent.stopping).catch(() => undefined);
  }
}

function isAtWork({ status }: Checkpoint): boolean {
  return (
    status?.phase === "Scheduled" ||
    status?.phase === "Checkpointing" ||
    status?.phase === "Uploading"
  );
}
