import { ClouderError } from "#core/error";
import { restores, type Restore } from "#checkpoint/api/types";
import type { Agent } from "#checkpoint/agent/agent";
import { createGate } from "#checkpoint/agent/gate";
import { removeForeignRestores, restoreFolderOf } from "#checkpoint/agent/restore-folder";
import { followRestoredPods } from "#checkpoint/agent/restored-pods";
import { runRestore } from "#checkpoint/agent/run-restore";

const restoresAtOnce = 8;

/** Follows the Restores of this node and the pods that name them until the agent ends. */
export async function watchRestores(agent: Agent): Promise<void> {
  const gate = createGate(restoresAtOnce);
  const live = new Map<string, { readonly stop: AbortController; readonly end: Promise<void> }>();
  const folderOf = (uid: string) => restoreFolderOf(agent.staging.restores, uid);
  const podGone = (uid: string) => {
    // A live Restore removes its folder itself when it ends for want of its pod.
    if (!live.has(uid)) void folderOf(uid).remove();
  };
  const restoredPods = followRestoredPods(agent, podGone);

  const begin = (restore: Restore) => {
    const uid = restore.metadata.uid ?? "";
    const stop = new AbortController();
    const work = gate(() => runRestore(agent, restore, restoredPods, stop.signal));
    const end = work.finally(() => {
      live.delete(uid);
      if (restoredPods.isGone(uid)) void folderOf(uid).remove();
    });
    live.set(uid, { stop, end });
  };
  const cancel = async (uid: string) => {
    const running = live.get(uid);
    running?.stop.abort(new ClouderError("cancelled", "the Restore was deleted"));
    await running?.end;
    // While the pod lives its restarts need the record.
    await (restoredPods.get(uid) ? folderOf(uid).removeImages() : folderOf(uid).remove());
  };
  /** Folders that belong to no Restore at work and to no pod. */
  const sweep = async (all: readonly Restore[]) => {
    await restoredPods.listed;
    const names = all.filter(isOurs(agent)).map((restore) => restore.metadata.uid ?? "");
    const atWork = new Set([...names, ...live.keys()]);
    const foreign = await removeForeignRestores(
      agent.staging.restores,
      (uid) => atWork.has(uid) || restoredPods.get(uid) !== undefined,
    );
    if (foreign.length > 0) agent.log("info", "staged data removed", { folders: foreign.length });
  };

  for await (const event of agent.kube.watch(restores, {}, agent.stopping)) {
    if (event.type === "DELETED") {
      if (event.object.status?.nodeName === agent.nodeName) {
        void cancel(event.object.metadata.uid ?? "");
      }
      continue;
    }
    const known = event.type === "RESYNC" ? event.objects : [event.object];
    for (const restore of known.filter(isOurs(agent))) {
      if (!live.has(restore.metadata.uid ?? "")) begin(restore);
    }
    if (event.type === "RESYNC") void sweep(event.objects);
  }
  await Promise.all([...[...live.values()].map(({ end }) => end), restoredPods.end]);
}

/** At work on this node; a Restore that is over needs nothing but its pod's record. */
function isOurs(agent: Agent): (restore: Restore) => boolean {
  const phases = ["Scheduled", "Staging", "Staged", "Restoring"];
  return ({ status, metadata }) =>
    status?.nodeName === agent.nodeName &&
    metadata.deletionTimestamp === undefined &&
    phases.includes(status.phase ?? "");
}
