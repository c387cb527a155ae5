import type { Kube } from "#kube/kube";
import { factsAgeMs, staleAfterMs } from "#checkpoint/api/node-facts";
import { readyCondition, storeStatus, type StoreFinding } from "#checkpoint/api/store-condition";
import { checkpointStores, type CheckpointStore, type NodeFacts } from "#checkpoint/api/types";
import { readWorld } from "#checkpoint/controller/world";

/** Tells of every file:// store whether all nodes with an agent can write to its folder. */
export async function judgeFolderStores(kube: Kube, now: number): Promise<void> {
  const world = readWorld(kube);
  const folders = (await world.stores()).filter(({ spec }) => spec.url.startsWith("file:"));
  if (folders.length === 0) return;
  const facts = [...(await world.facts()).values()];
  for (const store of folders) {
    const finding = folderFinding(store.spec.url, facts, now);
    if (isTold(store, finding)) continue;
    const { name } = store.metadata;
    const status = storeStatus(store, finding, { by: "controller", at: now });
    await kube.patch(checkpointStores, { name }, { status }, "status");
  }
}

/** What the agents' facts say about a folder. */
export function folderFinding(url: string, facts: readonly NodeFacts[], now: number): StoreFinding {
  const folder = url.replace(/^file:\/+/, "/").replace(/\/+$/, "");
  const fresh = facts.filter((one) => factsAgeMs(one, now) <= staleAfterMs);
  if (fresh.length === 0) {
    const message = "no agent has told whether it can write there";
    return { ready: "unknown", reason: "NoAgent", message };
  }
  const without = fresh
    .filter(({ storeFolders }) => !storeFolders.some((one) => one.replace(/\/+$/, "") === folder))
    .map(({ nodeName }) => nodeName)
    .sort();
  if (without.length === 0) {
    const message = `writable on all ${String(fresh.length)} nodes`;
    return { ready: true, reason: "Writable", message };
  }
  const more = without.length > 5 ? ` and ${String(without.length - 5)} more` : "";
  const where = `${without.slice(0, 5).join(", ")}${more}`;
  const cure = `kubectl clouder install --store-dir ${folder}`;
  return { ready: false, reason: "NotWritable", message: `not writable on ${where}; ${cure}` };
}

function isTold(store: CheckpointStore, { ready, reason, message }: StoreFinding): boolean {
  const told = readyCondition(store);
  const status = ready === "unknown" ? "Unknown" : ready ? "True" : "False";
  return told?.status === status && told.reason === reason && told.message === message;
}
