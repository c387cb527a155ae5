import { apiVersion } from "#checkpoint/api/names";
import { restores, type Checkpoint, type Restore } from "#checkpoint/api/types";
import { findCheckpoint, requireRestorable } from "#checkpoint/engine/find-checkpoint";
import { findPodIfAny, removePod } from "#checkpoint/engine/find-pod";
import type { Following, Namespaced } from "#checkpoint/engine/follow-object";
import {
  followUntilCompleted,
  followUntilStaged,
  restorePhases,
} from "#checkpoint/engine/follow-restore";
import { whenInstalled } from "#checkpoint/engine/installed";
import { podForRestore } from "#checkpoint/engine/pod-template";
import { tellPodTroubles } from "#checkpoint/engine/pod-troubles";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";
import type { Kube } from "#kube/kube";
import { nodes, pods, type Pod } from "#kube/resources";

export interface RestoreRequest {
  /** A checkpoint's id, or a pod's name: then the newest completed checkpoint of it. */
  readonly idOrPod: string;
  /** Where the pod will be. */
  readonly namespace: string;
  /** Where the checkpoint is; absent: the same. */
  readonly fromNamespace: string | undefined;
  /** Absent: as it was called. */
  readonly podName: string | undefined;
  /** Absent: the controller chooses. */
  readonly nodeName: string | undefined;
  /** Labels that the node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** Delete a pod of that name once everything is staged. */
  readonly replace: boolean;
  /** Choose the node, fetch and verify, then give it all up again. */
  readonly dryRun: boolean;
  readonly wait: boolean;
}

export interface Restored {
  readonly checkpoint: Checkpoint;
  readonly restore: Restore;
  /** As it was created; with `dryRun` as it would be. */
  readonly pod: Pod;
}

/**
 * Restores a pod as the user: has it staged on a node, creates the pod there, and follows it until its
 * processes go on. After a failure or an abort neither the pod nor staged data is left.
 */
export async function requestRestore(
  request: RestoreRequest,
  following: Following,
): Promise<Restored> {
  const { kube } = following;
  const { namespace } = request;
  const checkpoint = await findCheckpoint(
    kube,
    request.idOrPod,
    request.fromNamespace ?? namespace,
  );
  requireRestorable(checkpoint, namespace);
  const podName = request.podName ?? checkpoint.spec.podName;
  const old = await findPodIfAny(kube, { name: podName, namespace });
  if (old && !request.replace && !request.dryRun) throw stillThere(old);
  if (request.nodeName !== undefined) await checkNode(kube, request.nodeName);

  const made = await whenInstalled(
    kube.create(restores, restoreFor(request, checkpoint, podName, following.clock.now())),
  );
  const name = { name: made.metadata.name, namespace };
  const phases = restorePhases(following);
  let pod: Pod | undefined;
  try {
    const staged = await followUntilStaged(name, following, phases);
    phases.end();
    const wanted = podOf(staged, podName);
    await rehearse(kube, wanted);
    if (request.dryRun) return { checkpoint, restore: staged, pod: wanted };
    if (old) await replace(old, following);
    pod = await kube.create(pods, wanted);
    if (!request.wait) return { checkpoint, restore: staged, pod };
    const restore = await whileTelling(pod, following, () =>
      followUntilCompleted(name, following, phases),
    );
    phases.end();
    return { checkpoint, restore, pod };
  } catch (error) {
    await clean(name, pod, following);
    throw error;
  } finally {
    if (request.dryRun) await kube.remove(restores, name);
  }
}

function stillThere(pod: Pod): ClouderError {
  const { name, namespace = "" } = pod.metadata;
  const state = pod.status?.phase ?? "Pending";
  return new ClouderError(
    "exists",
    `pod "${name}" is there already in namespace "${namespace}" (${state})`,
    {
      hint: "--replace deletes it once the checkpoint is on the node; --name gives the new one another name",
    },
  );
}

/** A user may lack the right to read nodes; the controller looks again anyway. */
async function checkNode(kube: Kube, nodeName: string): Promise<void> {
  try {
    await kube.get(nodes, { name: nodeName });
  } catch (error) {
    if (hasCode(error, "denied")) return;
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `there is no node "${nodeName}"`, {
      cause: error,
      hint: "see which there are: kubectl get nodes",
    });
  }
}

function restoreFor(
  request: RestoreRequest,
  checkpoint: Checkpoint,
  podName: string,
  now: number,
): Restore {
  const { name: checkpointName, namespace: checkpointNamespace } = checkpoint.metadata;
  const { user } = checkpoint.status ?? {};
  return {
    apiVersion,
    kind: "Restore",
    metadata: {
      // Several restores of one checkpoint are told apart by when they were asked for.
      name: `${checkpointName}-${now.toString(36)}`,
      namespace: request.namespace,
    },
    spec: {
      checkpointName,
      ...(checkpointNamespace === undefined || checkpointNamespace === request.namespace
        ? {}
        : { checkpointNamespace }),
      podName,
      ...(request.nodeName === undefined ? {} : { nodeName: request.nodeName }),
      ...(request.nodeSelector && { nodeSelector: request.nodeSelector }),
      ...(user === undefined ? {} : { user }),
    },
  };
}

function podOf({ metadata, status = {} }: Restore, podName: string): Pod {
  const { podTemplate, nodeName } = status;
  if (!podTemplate || nodeName === undefined || metadata.uid === undefined) {
    throw new ClouderError(
      "internal",
      `restore ${metadata.name} is staged without a pod or a node`,
    );
  }
  return podForRestore(podTemplate, {
    name: podName,
    namespace: metadata.namespace ?? "default",
    restoreUID: metadata.uid,
    nodeName,
  });
}

/** Admission speaks before the old pod is touched; that its name is taken still is no matter. */
async function rehearse(kube: Kube, pod: Pod): Promise<void> {
  try {
    await kube.create(pods, pod, { dryRun: true });
  } catch (error) {
    if (!hasCode(error, "exists")) throw error;
  }
}

async function replace(old: Pod, { kube, clock, report, signal }: Following): Promise<void> {
  const title = `deleting the old pod ${old.metadata.name}`;
  await reportStep(report, { step: "replace", title }, () =>
    removePod(old, { kube, clock, signal }),
  );
}

async function whileTelling<T>(pod: Pod, following: Following, wait: () => Promise<T>): Promise<T> {
  const troubles = tellPodTroubles(pod, following);
  try {
    return await wait();
  } finally {
    troubles.stop();
  }
}

/** Takes back what was made; the Restore of a failure stays, since it says why. */
async function clean(
  restore: Namespaced,
  pod: Pod | undefined,
  { kube, clock, report }: Following,
): Promise<void> {
  try {
    // Asked before the pod goes: its end would make a failure of any Restore.
    const failed = await hasFailed(kube, restore);
    if (pod) await removePod(pod, { kube, clock, gracePeriodSeconds: 1 });
    if (!failed) await kube.remove(restores, restore);
  } catch (leftover) {
    const message = `could not clean up after restore ${restore.name}: ${String(leftover)}`;
    report({ type: "note", level: "warn", message });
  }
}

async function hasFailed(kube: Kube, name: Namespaced): Promise<boolean> {
  try {
    return (await kube.get(restores, name)).status?.phase === "Failed";
  } catch (error) {
    if (hasCode(error, "not-found")) return false;
    throw error;
  }
}
