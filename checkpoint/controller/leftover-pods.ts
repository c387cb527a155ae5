import type { Pod } from "#kube/objects";
import type { Restore } from "#checkpoint/api/types";
import { annotations } from "#checkpoint/api/names";

/** The CLI that made the pod removes it within this time; later it is taken to be gone. */
export const graceMs = 20_000;

/** Whether it is time to look for the pod of a failed Restore. */
export function mayHaveLeftPod(restore: Restore, now: number): boolean {
  const ended = Date.parse(restore.status?.completionTime ?? "");
  return restore.status?.phase === "Failed" && now - ended > graceMs;
}

/** Only a pod that names this very Restore, and has never run as anything else, is its pod. */
export function isLeftover(restore: Restore, pod: Pod): boolean {
  return (
    pod.metadata.namespace === restore.metadata.namespace &&
    pod.metadata.name === restore.spec.podName &&
    pod.metadata.annotations?.[annotations.restore] === restore.metadata.uid &&
    pod.metadata.deletionTimestamp === undefined
  );
}
