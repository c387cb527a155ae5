import type { Pod } from "#kube/objects";
import { annotations } from "#checkpoint/api/names";
import type { Restore } from "#checkpoint/api/types";

const day = 86_400;
/** A failure is kept until somebody will have read it. */
const defaultSeconds = { Completed: day, Failed: 7 * day } as const;

/** A Restore whose pod lives on is asked about again after this time. */
export const lookAgainMs = 600_000;

/** Whether a Restore has been finished for as long as it is to be kept. */
export function isExpired({ spec, status }: Restore, now: number): boolean {
  const { phase, completionTime } = status ?? {};
  if (phase !== "Completed" && phase !== "Failed") return false;
  const seconds = spec.ttlSecondsAfterFinished ?? defaultSeconds[phase];
  return now - Date.parse(completionTime ?? "") >= seconds * 1000;
}

/**
 * Its pod's containers start afresh by what the node keeps for the Restore: while such a pod is
 * there, the Restore stays.
 */
export function isPodOf(restore: Restore, pod: Pod | undefined): boolean {
  return pod?.metadata.annotations?.[annotations.restore] === restore.metadata.uid;
}
