import { ClouderError, hasCode } from "#core/error";
import type { Pod } from "#kube/resources";
import { withCondition } from "#kube/conditions";
import {
  checkpoints,
  restores,
  type Checkpoint,
  type Restore,
  type RestoreStatus,
} from "#checkpoint/api/types";
import { failed } from "#checkpoint/api/failed-status";
import { stageRestore } from "#checkpoint/engine/stage-restore";
import type { Agent } from "#checkpoint/agent/agent";
import { recordPodEvent } from "#checkpoint/agent/events";
import { followRestore, type RestoreOutcome } from "#checkpoint/agent/follow-restore";
import { errorFields } from "#checkpoint/agent/log";
import { restoreFolderOf } from "#checkpoint/agent/restore-folder";
import type { RestoredPods } from "#checkpoint/agent/restored-pods";
import { expected } from "#checkpoint/agent/run-checkpoint";
import { createStatusWriter, type StatusWriter } from "#checkpoint/agent/status-writer";

/**
 * Does one Restore of this node from wherever it stands: stages, waits for the pod, writes the outcome.
 * Never rejects. Memory and files of the checkpoint are gone from the node when it is over; the record
 * that binds the pod to its Restore stays as long as the pod does.
 */
export async function runRestore(
  agent: Agent,
  restore: Restore,
  restoredPods: RestoredPods,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace = "", uid = "" } = restore.metadata;
  const status = createStatusWriter(agent.kube, restores, { name, namespace }, agent);
  const folder = restoreFolderOf(agent.staging.restores, uid);
  const fields = { restore: `${namespace}/${name}`, pod: restore.spec.podName };
  const stop = AbortSignal.any([signal, agent.stopping]);
  try {
    const staged = restore.status?.phase === "Staged" || restore.status?.phase === "Restoring";
    if (!staged) await stage(agent, restore, status, stop);
    const outcome = await followRestore(agent, restore, restoredPods, {
      signal: stop,
      onRestoring: (podUID) => status.now({ phase: "Restoring", podUID }),
    });
    await folder.removeImages();
    await status.now(completed(agent, restore, outcome));
    agent.log("info", "restore completed", fields);
    await tell(
      agent,
      restore,
      "Restored",
      `${restore.spec.checkpointName} goes on`,
      outcome.podUID,
    );
  } catch (error) {
    if (agent.stopping.aborted) return;
    const pod = restoredPods.get(uid);
    await (pod ? folder.removeImages() : folder.remove());
    if (signal.aborted) return;
    agent.log("warn", "restore failed", { ...fields, ...errorFields(error) });
    await status.now(failed(restore, expected(error), "Completed", nowText(agent)));
    await tellFailure(agent, restore, pod, error);
  }
}

async function tellFailure(
  agent: Agent,
  restore: Restore,
  pod: Pod | undefined,
  error: unknown,
): Promise<void> {
  const uid = pod?.metadata.uid;
  if (uid === undefined) return;
  await tell(agent, restore, "RestoreFailed", expected(error).message, uid);
}

async function stage(
  agent: Agent,
  restore: Restore,
  status: StatusWriter<RestoreStatus>,
  signal: AbortSignal,
): Promise<void> {
  await status.now({ phase: "Staging", ...startTime(agent, restore) });
  const checkpoint = await readCheckpoint(agent, restore);
  const storeName = checkpoint.status?.storeName ?? checkpoint.spec.storeName;
  if (storeName === undefined || checkpoint.status?.phase !== "Completed") {
    throw new ClouderError(
      "refused",
      `checkpoint ${checkpoint.metadata.name} is ${checkpoint.status?.phase ?? "Pending"}, not Completed`,
      { hint: "kubectl clouder checkpoint list" },
    );
  }
  const store = await agent.openStore(storeName);
  try {
    const { manifest, template, hints } = await stageRestore(agent.staging, {
      restoreUID: restore.metadata.uid ?? "",
      namespace: restore.metadata.namespace ?? "",
      podName: restore.spec.podName,
      checkpoint,
      store,
      signal,
      onProgress: (progress) => {
        status.soon({ progress });
      },
    });
    const totalBytes = manifest.containers.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
    const progress = { doneBytes: totalBytes, totalBytes };
    await status.now({ phase: "Staged", podTemplate: template, hints, progress });
  } finally {
    await store.close().catch(() => undefined);
  }
}

async function readCheckpoint(agent: Agent, restore: Restore): Promise<Checkpoint> {
  const name = restore.spec.checkpointName;
  const namespace = restore.spec.checkpointNamespace ?? restore.metadata.namespace ?? "";
  try {
    return await agent.kube.get(checkpoints, { name, namespace });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `there is no checkpoint ${namespace}/${name}`, {
      cause: error,
      hint: "kubectl clouder checkpoint list",
    });
  }
}

function completed(agent: Agent, restore: Restore, outcome: RestoreOutcome): RestoreStatus {
  const now = nowText(agent);
  const { generation } = restore.metadata;
  return {
    phase: "Completed",
    completionTime: now,
    podUID: outcome.podUID,
    containers: outcome.containers,
    conditions: withCondition(
      restore.status?.conditions,
      {
        type: "Completed",
        status: "True",
        reason: "Restored",
        message: "the processes go on",
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      },
      now,
    ),
  };
}

async function tell(
  agent: Agent,
  restore: Restore,
  reason: "Restored" | "RestoreFailed",
  message: string,
  uid: string,
): Promise<void> {
  const pod = { namespace: restore.metadata.namespace ?? "", name: restore.spec.podName, uid };
  const type = reason === "Restored" ? "Normal" : "Warning";
  await recordPodEvent(agent, pod, { type, reason, message }, agent.clock.now());
}

function startTime(agent: Agent, restore: Restore): Pick<RestoreStatus, "startTime"> {
  return { startTime: restore.status?.startTime ?? nowText(agent) };
}

function nowText(agent: Agent): string {
  return new Date(agent.clock.now()).toISOString();
}
