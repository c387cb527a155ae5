import type { Checkpoint, Placement, Restore, RestoreStatus } from "#checkpoint/api/types";
import { annotations, injectionUsers } from "#checkpoint/api/names";
import { withCondition } from "#kube/conditions";
import { failed } from "#checkpoint/api/failed-status";
import { type Candidate, type Demand, nodeRules } from "#checkpoint/controller/node-rules";
import { amountsOf } from "#checkpoint/controller/placement";
import { ClouderError, isClouderError } from "#core/error";

/** How long a Restore waits for room, a silent agent or a node that is not Ready. */
export const patienceMs = 30_000;

export interface RestoreSurroundings {
  readonly checkpoint: Checkpoint | undefined;
  readonly candidates: readonly Candidate[];
  readonly now: number;
}

/** The status that gives a Restore to a node, lets it wait with a reason, or refuses it. */
export function chooseNode(restore: Restore, around: RestoreSurroundings): RestoreStatus {
  const now = new Date(around.now).toISOString();
  try {
    const checkpoint = checkCheckpoint(restore, around.checkpoint);
    if (checkpoint.status?.phase !== "Completed") {
      const phase = checkpoint.status?.phase ?? "Pending";
      return waiting(restore, "CheckpointUnfinished", `the checkpoint is ${phase}`, now);
    }
    return place(restore, checkpoint, around);
  } catch (error) {
    if (!isClouderError(error)) throw error;
    return failed(restore, error, "Scheduled", now);
  }
}

/** Demand of a checkpoint's pod; a checkpoint without a recorded placement asks for nothing. */
export function demandOf(checkpoint: Checkpoint, now: number): Demand {
  const placement: Placement = checkpoint.status?.placement ?? { requests: {}, images: [] };
  return {
    compatibility: checkpoint.status?.compatibility,
    placement,
    rawBytes: checkpoint.status?.rawBytes ?? 0,
    now,
  };
}

function checkCheckpoint(restore: Restore, checkpoint: Checkpoint | undefined): Checkpoint {
  const { checkpointName, checkpointNamespace } = restore.spec;
  const namespace = restore.metadata.namespace ?? "default";
  const from = checkpointNamespace ?? namespace;
  // One answer for "absent" and "not allowed": nobody learns what other namespaces hold.
  if (!checkpoint || (from !== namespace && !isShared(checkpoint, namespace))) {
    throw absent(checkpointName, from, namespace);
  }
  if (checkpoint.metadata.deletionTimestamp !== undefined) {
    throw new ClouderError("not-found", `checkpoint "${checkpointName}" is being deleted`, {
      hint: `kubectl clouder checkpoint list -n ${from}`,
    });
  }
  if (checkpoint.status?.phase === "Failed") {
    throw new ClouderError(
      "refused",
      `checkpoint "${checkpointName}" failed: ${checkpoint.status.error?.message ?? "no reason given"}`,
      { hint: `restore another one: kubectl clouder checkpoint list -n ${from}` },
    );
  }
  requireUser(restore, checkpoint);
  return checkpoint;
}

function requireUser(restore: Restore, checkpoint: Checkpoint): void {
  const { user } = checkpoint.status ?? {};
  if (user !== undefined && user !== restore.spec.user) {
    throw new ClouderError(
      "denied",
      `checkpoint "${checkpoint.metadata.name}" holds what was injected for user "${user}", and the Restore does not name them`,
      {
        hint: `set spec.user, as kubectl clouder restore does; it takes the right to "use" ${injectionUsers}/${user}`,
      },
    );
  }
}

function absent(checkpointName: string, from: string, namespace: string): ClouderError {
  return from === namespace
    ? new ClouderError(
        "not-found",
        `there is no checkpoint "${checkpointName}" in "${namespace}"`,
        {
          hint: `kubectl clouder checkpoint list -n ${namespace}`,
        },
      )
    : new ClouderError(
        "not-found",
        `there is no checkpoint "${checkpointName}" in "${from}" that may be restored in "${namespace}"`,
        {
          hint: `its owner allows it: kubectl annotate checkpoints.clouder.datalayer.io ${checkpointName} -n ${from} ${annotations.restoreFrom}=${namespace}`,
        },
      );
}

function isShared(checkpoint: Checkpoint, namespace: string): boolean {
  const allowed = checkpoint.metadata.annotations?.[annotations.restoreFrom] ?? "";
  return allowed
    .split(",")
    .map((name) => name.trim())
    .includes(namespace);
}

function place(
  restore: Restore,
  checkpoint: Checkpoint,
  around: RestoreSurroundings,
): RestoreStatus {
  const now = new Date(around.now).toISOString();
  const { nodeSelector } = restore.spec;
  const demand = { ...demandOf(checkpoint, around.now), ...(nodeSelector && { nodeSelector }) };
  const wanted = restore.spec.nodeName;
  const candidates = around.candidates.filter(
    ({ node }) => wanted === undefined || node.metadata.name === wanted,
  );
  if (wanted !== undefined && candidates.length === 0) {
    throw new ClouderError("not-found", `there is no node "${wanted}"`, {
      hint: `use one of: ${around.candidates.map(({ node }) => node.metadata.name).join(", ")}`,
    });
  }
  const judged = candidates.map((candidate) => ({
    candidate,
    refusal: refusalOf(candidate, demand),
  }));
  const best = judged
    .filter(({ refusal }) => refusal === undefined)
    .map(({ candidate }) => candidate)
    .sort((a, b) => compare(a, b, demand.placement))[0];
  if (best) return scheduled(restore, best.node.metadata.name, now);
  const reasons = judged.map(
    ({ candidate, refusal }) => `${candidate.node.metadata.name}: ${refusal?.reason ?? ""}`,
  );
  const age = around.now - Date.parse(restore.metadata.creationTimestamp ?? now);
  if (age < patienceMs && judged.some(({ refusal }) => refusal?.passing)) {
    return waiting(restore, "NoNodeYet", reasons.join("; "), now);
  }
  throw noNode(wanted, reasons);
}

function noNode(wanted: string | undefined, reasons: readonly string[]): ClouderError {
  const shown = reasons.slice(0, 3).join("; ");
  const more = reasons.length > 3 ? `; and ${reasons.length - 3} more` : "";
  return new ClouderError(
    "refused",
    reasons.length === 0 ? "the cluster has no node" : `no node can take the pod (${shown}${more})`,
    {
      hint:
        wanted === undefined
          ? "kubectl clouder doctor shows every node; make room or add a node like the source"
          : "leave --node out to have a node chosen, or cure this one: kubectl clouder doctor",
      details: { logLines: reasons.slice(0, 200) },
    },
  );
}

function refusalOf(candidate: Candidate, demand: Demand) {
  for (const rule of nodeRules) {
    const reason = rule.refuses(candidate, demand);
    if (reason !== undefined) return { reason, passing: rule.passing };
  }
  return undefined;
}

/** Nodes that hold the image come first, then those with the largest free share of memory. */
function compare(a: Candidate, b: Candidate, placement: Placement): number {
  return (
    Number(hasImages(b, placement)) - Number(hasImages(a, placement)) ||
    freeShare(b) - freeShare(a) ||
    a.node.metadata.name.localeCompare(b.node.metadata.name)
  );
}

function hasImages({ node }: Candidate, placement: Placement): boolean {
  const names = new Set((node.status?.images ?? []).flatMap((image) => image.names ?? []));
  return placement.images.some((image) => names.has(image));
}

function freeShare({ node, used }: Candidate): number {
  const memory = amountsOf(node.status?.allocatable)["memory"] ?? 0;
  return memory > 0 ? (memory - (used["memory"] ?? 0)) / memory : 0;
}

function scheduled(restore: Restore, nodeName: string, now: string): RestoreStatus {
  return {
    phase: "Scheduled",
    ...observedGeneration(restore),
    nodeName,
    startTime: now,
    conditions: condition(restore, "True", "NodeChosen", `node ${nodeName} takes it`, now),
  };
}

function waiting(restore: Restore, reason: string, message: string, now: string): RestoreStatus {
  return {
    phase: "Pending",
    ...observedGeneration(restore),
    conditions: condition(restore, "False", reason, message, now),
  };
}

function condition(
  restore: Restore,
  status: "True" | "False",
  reason: string,
  message: string,
  now: string,
) {
  const next = { type: "Scheduled", status, reason, message, ...observedGeneration(restore) };
  return withCondition(restore.status?.conditions, next, now);
}

function observedGeneration({ metadata: { generation } }: Restore) {
  return generation === undefined ? {} : { observedGeneration: generation };
}
