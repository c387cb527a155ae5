import type { Node } from "#kube/objects";
import type {
  Checkpoint,
  CheckpointPhase,
  CheckpointStore,
  NodeFacts,
  Restore,
  RestorePhase,
} from "#checkpoint/api/types";
import { finalizers } from "#checkpoint/api/names";
import { factsAgeMs, staleAfterMs } from "#checkpoint/api/node-facts";
import { ClouderError } from "#core/error";

/** Longer than an agent's restart, an image pull included. */
export const lostAfterMs = 300_000;

export interface Nodes {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly facts: ReadonlyMap<string, NodeFacts>;
  readonly now: number;
}

const atWork: readonly (CheckpointPhase | RestorePhase)[] = [
  "Scheduled",
  "Checkpointing",
  "Uploading",
  "Staging",
  "Staged",
  "Restoring",
];

/** True while an agent owes the object an end. */
export function isAtWork(object: Checkpoint | Restore): boolean {
  return object.status?.phase !== undefined && atWork.includes(object.status.phase);
}

/** The error of work whose node is gone or whose agent has been silent too long. */
export function lostWork(object: Checkpoint | Restore, around: Nodes): ClouderError | undefined {
  const nodeName = object.status?.nodeName;
  if (!isAtWork(object) || nodeName === undefined) return undefined;
  const what = object.kind === "Checkpoint" ? "checkpoint" : "restore";
  if (!around.nodes.has(nodeName)) {
    return new ClouderError("unreachable", `node ${nodeName} is gone, and the ${what} with it`, {
      hint: retryHint(object),
    });
  }
  const facts = around.facts.get(nodeName);
  // An agent that never spoke is measured from the start of the work.
  const since = facts
    ? factsAgeMs(facts, around.now)
    : around.now - Date.parse(object.status?.startTime ?? new Date(around.now).toISOString());
  if (since <= lostAfterMs) return undefined;
  return new ClouderError(
    "unreachable",
    `the agent on node ${nodeName} has been silent for ${Math.round(since / 60_000)} minutes`,
    { hint: `kubectl clouder doctor --node ${nodeName}; ${retryHint(object)}` },
  );
}

function retryHint(object: Checkpoint | Restore): string {
  return object.kind === "Checkpoint"
    ? "restore an older checkpoint, or take one of the pod's successor"
    : "the checkpoint is intact: restore it again";
}

export type Deletion =
  | { readonly kind: "nothing-stored" }
  | { readonly kind: "move"; readonly nodeName: string }
  | undefined;

/**
 * Who removes the stored data of a Checkpoint under deletion when its own node cannot: nobody when
 * nothing was stored, else a ready agent. A node's own folder is waited for while the node exists.
 */
export function deletion(
  checkpoint: Checkpoint,
  store: CheckpointStore | undefined,
  around: Nodes,
): Deletion {
  const { metadata, status } = checkpoint;
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (!(metadata.finalizers ?? []).includes(finalizers.storedData)) return undefined;
  if (status?.nodeName === undefined) return { kind: "nothing-stored" };
  if (factsAgeMs(around.facts.get(status.nodeName), around.now) <= staleAfterMs) return undefined;
  const isFolder = store?.spec.url.startsWith("file://") ?? false;
  if (isFolder && around.nodes.has(status.nodeName)) return undefined;
  const ready = [...around.facts.values()]
    .filter((facts) => around.nodes.has(facts.nodeName))
    .filter((facts) => factsAgeMs(facts, around.now) <= staleAfterMs)
    .map((facts) => facts.nodeName)
    .sort()[0];
  return ready === undefined ? undefined : { kind: "move", nodeName: ready };
}
