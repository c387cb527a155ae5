import { annotations } from "#checkpoint/api/names";
import { checkpoints, type Checkpoint } from "#checkpoint/api/types";
import { isCheckpointId } from "#checkpoint/archive/checkpoint-id";
import { whenInstalled } from "#checkpoint/engine/installed";
import { ClouderError, hasCode } from "#core/error";
import type { Kube } from "#kube/kube";

/** The checkpoint of that id, or the newest completed one of the pod of that name. */
export async function findCheckpoint(
  kube: Kube,
  idOrPod: string,
  namespace: string,
): Promise<Checkpoint> {
  return isCheckpointId(idOrPod)
    ? checkpointById(kube, idOrPod, namespace)
    : newestOfPod(kube, idOrPod, namespace);
}

/** The Checkpoint of that id; `not-found` says how to find it. */
export async function checkpointById(
  kube: Kube,
  id: string,
  namespace: string,
): Promise<Checkpoint> {
  try {
    return await whenInstalled(kube.get(checkpoints, { name: id, namespace }));
  } catch (error) {
    if (!hasCode(error, "not-found") || error.hint?.includes("install") === true) throw error;
    throw new ClouderError(
      "not-found",
      `there is no checkpoint ${id} in namespace "${namespace}"`,
      {
        cause: error,
        hint: "see which there are: kubectl clouder checkpoint list -A",
      },
    );
  }
}

/** Checkpoints of a namespace (or all), oldest first, of one pod if it is named. */
export async function listCheckpoints(
  kube: Kube,
  selection: { readonly namespace: string | undefined; readonly podName: string | undefined },
): Promise<readonly Checkpoint[]> {
  const { namespace, podName } = selection;
  const all = await whenInstalled(kube.list(checkpoints, { namespace }));
  return all
    .filter((one) => podName === undefined || one.spec.podName === podName)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

async function newestOfPod(kube: Kube, podName: string, namespace: string): Promise<Checkpoint> {
  const ofPod = await listCheckpoints(kube, { namespace, podName });
  const newest = ofPod.findLast((one) => isUsable(one));
  if (newest) return newest;
  const others =
    ofPod.length > 0 ? `, only ${String(ofPod.length)} that failed or are not done` : "";
  throw new ClouderError(
    "not-found",
    `there is no completed checkpoint of pod "${podName}" in namespace "${namespace}"${others}`,
    { hint: "see which there are: kubectl clouder checkpoint list -A" },
  );
}

function isUsable({ status, metadata }: Checkpoint): boolean {
  return status?.phase === "Completed" && metadata.deletionTimestamp === undefined;
}

/** Refuses a checkpoint that is not whole, or that its owner has not opened to the namespace. */
export function requireRestorable(checkpoint: Checkpoint, targetNamespace: string): void {
  const { name, namespace = "" } = checkpoint.metadata;
  if (!isUsable(checkpoint)) throw notWhole(checkpoint);
  if (namespace === targetNamespace) return;
  const allowed = checkpoint.metadata.annotations?.[annotations.restoreFrom] ?? "";
  if (allowed.split(",").some((one) => one.trim() === targetNamespace)) return;
  throw new ClouderError(
    "denied",
    `checkpoint ${name} belongs to namespace "${namespace}" and is not open to "${targetNamespace}"`,
    {
      hint: `its owner allows it by: kubectl annotate checkpoint ${name} -n ${namespace} ${annotations.restoreFrom}=${targetNamespace}`,
    },
  );
}

function notWhole({ metadata, status = {} }: Checkpoint): ClouderError {
  const { name, deletionTimestamp } = metadata;
  const state = deletionTimestamp === undefined ? (status.phase ?? "Pending") : "being deleted";
  return new ClouderError(
    "refused",
    `checkpoint ${name} is ${state}; only a completed one can be restored`,
    { hint: status.error?.message ?? `follow it: kubectl clouder checkpoint show ${name}` },
  );
}
