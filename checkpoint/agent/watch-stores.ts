import { checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import { readyCondition, refusedFinding, storeStatus } from "#checkpoint/api/store-condition";
import { ClouderError, hasCode } from "#core/error";
import type { Agent } from "#checkpoint/agent/agent";
import { errorFields } from "#checkpoint/agent/log";

const wakeEveryMs = 60_000;
/** A store is looked at this often by one agent of all; one that is not well, sooner. */
const wellMs = 300_000;
const unwellMs = 60_000;
const patienceMs = 30_000;

/** Keeps the Ready condition of the stores in the network true until the agent ends. */
export async function watchStores(agent: Agent): Promise<void> {
  const pause = (milliseconds: number) =>
    agent.clock.sleep(milliseconds, agent.stopping).catch(() => undefined);
  // Agents that were started together do not come together.
  await pause(Math.random() * (wakeEveryMs / 4));
  while (!agent.stopping.aborted) {
    try {
      await checkDueStores(agent);
    } catch (error) {
      agent.log("warn", "stores not looked at", errorFields(error));
    }
    await pause(wakeEveryMs * (0.75 + Math.random() / 2));
  }
}

/** Looks at every store whose turn it is and that no other agent has taken on. */
export async function checkDueStores(agent: Agent): Promise<void> {
  for (const store of await agent.kube.list(checkpointStores)) {
    // Folders differ from node to node: the controller judges them by what all agents tell.
    if (store.spec.url.startsWith("file:") || !isDue(store, agent.clock.now())) continue;
    const claimed = await claim(agent, store);
    if (claimed) await check(agent, claimed);
  }
}

function isDue(store: CheckpointStore, now: number): boolean {
  const ready = readyCondition(store);
  const age = now - Date.parse(store.status?.checkedAt ?? "");
  // A claim whose agent died before it told anything counts as a look that found nothing good.
  if (Number.isNaN(age)) return true;
  const changed = ready === undefined && age >= patienceMs;
  return changed || age >= (ready?.status === "True" ? wellMs : unwellMs);
}

/** Only one agent succeeds in writing onto the version that was read. */
async function claim(agent: Agent, store: CheckpointStore): Promise<CheckpointStore | undefined> {
  const checkedAt = new Date(agent.clock.now()).toISOString();
  const { name, resourceVersion } = store.metadata;
  const claimed = {
    metadata: { resourceVersion },
    status: { checkedAt, checkedBy: agent.nodeName },
  };
  try {
    return await agent.kube.patch(checkpointStores, { name }, claimed, "status");
  } catch (error) {
    if (hasCode(error, "conflict", "not-found")) return undefined;
    throw error;
  }
}

async function check(agent: Agent, store: CheckpointStore): Promise<void> {
  const { name } = store.metadata;
  const finding = await look(agent, name).catch(refusedFinding);
  if (agent.stopping.aborted) return;
  if (finding.ready !== true) agent.log("warn", "store not ready", { store: name, ...finding });
  const status = storeStatus(store, finding, { by: agent.nodeName, at: agent.clock.now() });
  await agent.kube.patch(checkpointStores, { name }, { status }, "status");
}

async function look(agent: Agent, name: string) {
  const late = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([late, agent.stopping]);
  try {
    const store = await agent.openStore(name);
    try {
      await store.check(signal);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!late.aborted) throw error;
    throw new ClouderError("timeout", `store ${name} did not answer within half a minute`);
  }
  const message = "a small object was written, read back and removed";
  return { ready: true, reason: "Checked", message } as const;
}
