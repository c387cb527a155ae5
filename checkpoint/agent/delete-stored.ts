import { hasCode } from "#core/error";
import { finalizers } from "#checkpoint/api/names";
import { checkpoints, type Checkpoint } from "#checkpoint/api/types";
import { removeCheckpoint } from "#checkpoint/archive/catalog";
import { discardCheckpoint } from "#checkpoint/engine/discard-checkpoint";
import type { Agent } from "#checkpoint/agent/agent";
import { errorFields } from "#checkpoint/agent/log";

const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

/**
 * Removes what a Checkpoint under deletion has stored and lets the object go. Tries until it succeeds
 * or the agent ends; a store that is not configured any more is taken to be out of reach for good.
 */
export async function deleteStored(agent: Agent, checkpoint: Checkpoint): Promise<void> {
  const { name, namespace = "" } = checkpoint.metadata;
  const fields = { checkpoint: `${namespace}/${name}` };
  for (let pauseMs = firstPauseMs; !agent.stopping.aborted; pauseMs *= 2) {
    try {
      await removeData(agent, checkpoint);
      await release(agent, checkpoint);
      agent.log("info", "stored checkpoint removed", fields);
      return;
    } catch (error) {
      agent.log("warn", "stored checkpoint not removed yet", { ...fields, ...errorFields(error) });
      const wait = Math.min(pauseMs, longestPauseMs);
      await agent.clock.sleep(wait, agent.stopping).catch(() => undefined);
    }
  }
}

async function removeData(agent: Agent, checkpoint: Checkpoint): Promise<void> {
  const { name, namespace = "", uid = "" } = checkpoint.metadata;
  const storeName = checkpoint.status?.storeName ?? checkpoint.spec.storeName;
  const job = await agent.checkpointing.journal.read(uid);
  if (storeName === undefined) return;
  let store;
  try {
    store = await agent.openStore(storeName);
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    agent.log("warn", "the store of a deleted checkpoint is gone: its data stays there", {
      checkpoint: `${namespace}/${name}`,
      store: storeName,
    });
    if (job) await discardCheckpoint(agent.checkpointing, job, undefined);
    await agent.checkpointing.journal.remove(uid);
    return;
  }
  try {
    await removeCheckpoint(store, namespace, checkpoint.spec.podName, name);
    if (job) await discardCheckpoint(agent.checkpointing, job, store);
  } finally {
    await store.close().catch(() => undefined);
  }
}

/** Takes our finalizer off; conditional, as others may write the list too. */
async function release(agent: Agent, checkpoint: Checkpoint): Promise<void> {
  const { name, namespace = "" } = checkpoint.metadata;
  try {
    const { metadata } = await agent.kube.get(checkpoints, { name, namespace });
    if (metadata.uid !== checkpoint.metadata.uid) return;
    const left = (metadata.finalizers ?? []).filter((one) => one !== finalizers.storedData);
    const { resourceVersion } = metadata;
    await agent.kube.patch(
      checkpoints,
      { name, namespace },
      { metadata: { finalizers: left, ...(resourceVersion ? { resourceVersion } : {}) } },
    );
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
  }
}
