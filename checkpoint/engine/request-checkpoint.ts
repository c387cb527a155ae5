import { apiVersion, labels } from "#checkpoint/api/names";
import { checkpoints, checkpointStores, type Checkpoint } from "#checkpoint/api/types";
import { newCheckpointId } from "#checkpoint/archive/checkpoint-id";
import { findPod, removePod } from "#checkpoint/engine/find-pod";
import { followCheckpoint } from "#checkpoint/engine/follow-checkpoint";
import type { Following } from "#checkpoint/engine/follow-object";
import { whenInstalled } from "#checkpoint/engine/installed";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";
import type { Kube } from "#kube/kube";
import type { Pod } from "#kube/resources";

export interface CheckpointRequest {
  readonly namespace: string;
  readonly podName: string;
  /** Empty: all of them. */
  readonly containers: readonly string[];
  readonly storeName: string | undefined;
  /** Delete the pod once its checkpoint is stored. */
  readonly stop: boolean;
  readonly wait: boolean;
}

/**
 * Creates the Checkpoint and follows it to its end. What can be known to be wrong is refused before
 * anything is created; an abort removes the unfinished Checkpoint.
 */
export async function requestCheckpoint(
  request: CheckpointRequest,
  following: Following,
): Promise<Checkpoint> {
  if (request.stop && !request.wait) {
    throw new ClouderError("usage", "--stop and --no-wait exclude each other", {
      hint: "the pod may be deleted only once its checkpoint is stored; leave one of them out",
    });
  }
  const { kube } = following;
  const pod = await findPod(kube, { name: request.podName, namespace: request.namespace });
  checkPod(pod, request.containers);
  if (request.storeName !== undefined) await checkStore(kube, request.storeName);
  const made = await whenInstalled(
    kube.create(checkpoints, checkpointFor(request, pod, following.clock.now())),
  );
  if (!request.wait) return made;
  const done = await followOrRemove(made, following);
  if (request.stop) await stopPod(pod, following);
  return done;
}

function checkPod(pod: Pod, wanted: readonly string[]): void {
  const { name, namespace = "default", deletionTimestamp } = pod.metadata;
  const phase = pod.status?.phase ?? "Pending";
  if (deletionTimestamp !== undefined || phase !== "Running") {
    const state = deletionTimestamp === undefined ? phase : "being deleted";
    throw new ClouderError(
      "refused",
      `pod "${name}" is ${state}; only a running pod can be checkpointed`,
      {
        hint: `see what it does: kubectl describe pod ${name} -n ${namespace}`,
      },
    );
  }
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (one) => one["restartPolicy"] === "Always",
  );
  const known = [...pod.spec.containers, ...sidecars].map((container) => container.name);
  const unknown = wanted.find((container) => !known.includes(container));
  if (unknown !== undefined) {
    throw new ClouderError("not-found", `pod "${name}" has no container "${unknown}"`, {
      hint: `its containers are: ${known.join(", ")}`,
    });
  }
}

/** A user may lack the right to read stores; the controller looks again anyway. */
async function checkStore(kube: Kube, storeName: string): Promise<void> {
  try {
    await whenInstalled(kube.get(checkpointStores, { name: storeName }));
  } catch (error) {
    if (hasCode(error, "denied")) return;
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `there is no CheckpointStore "${storeName}"`, {
      cause: error,
      hint: "see which there are: kubectl clouder store list",
    });
  }
}

function checkpointFor(request: CheckpointRequest, pod: Pod, now: number): Checkpoint {
  const { podName, namespace, containers, storeName } = request;
  const { uid } = pod.metadata;
  return {
    apiVersion,
    kind: "Checkpoint",
    metadata: {
      name: newCheckpointId(now),
      namespace,
      // Pods may have longer names than labels may hold.
      ...(podName.length > 63 ? {} : { labels: { [labels.pod]: podName } }),
    },
    spec: {
      podName,
      ...(uid === undefined ? {} : { podUID: uid }),
      ...(containers.length === 0 ? {} : { containers: [...new Set(containers)] }),
      ...(storeName === undefined ? {} : { storeName }),
    },
  };
}

async function followOrRemove(made: Checkpoint, following: Following): Promise<Checkpoint> {
  const { name, namespace = "" } = made.metadata;
  try {
    return await followCheckpoint({ name, namespace }, following);
  } catch (error) {
    if (!hasCode(error, "cancelled")) throw error;
    await following.kube.remove(checkpoints, { name, namespace });
    const message = `checkpoint ${name} is given up: its agent removes what there is of it`;
    following.report({ type: "note", level: "info", message });
    throw error;
  }
}

async function stopPod(pod: Pod, { kube, clock, report, signal }: Following): Promise<void> {
  // Its state is stored: a grace period would only let the old one change the world after that.
  const removal = { kube, clock, signal, gracePeriodSeconds: 1 };
  const title = `deleting pod ${pod.metadata.name}`;
  await reportStep(report, { step: "stop", title }, () => removePod(pod, removal));
}
