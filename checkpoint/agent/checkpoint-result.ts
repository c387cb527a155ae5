import { annotations } from "#checkpoint/api/names";
import { secretReferences } from "#checkpoint/engine/secret-references";
import type { PodSpec } from "#kube/objects";
import type { ContainerRecord, Manifest } from "#checkpoint/archive/manifest";
import { withCondition } from "#kube/conditions";
import type {
  Checkpoint,
  CheckpointStatus,
  ContainerCheckpointSummary,
} from "#checkpoint/api/types";

/** The final status of a checkpoint that its manifest describes. */
export function completed(
  checkpoint: Checkpoint,
  manifest: Manifest,
  now: number,
): CheckpointStatus {
  const total = (value: (record: ContainerRecord) => number) =>
    manifest.containers.reduce((sum, record) => sum + value(record), 0);
  const rawBytes = total((record) => record.rawBytes);
  const { generation } = checkpoint.metadata;
  const { metadata, spec } = manifest.template;
  const user = metadata.annotations?.[annotations.injectedUser];
  const sensitive = secretReferences(spec as unknown as PodSpec);
  return {
    phase: "Completed",
    completionTime: manifest.completedAt,
    rawBytes,
    storedBytes: total((record) => record.storedBytes),
    progress: { doneBytes: rawBytes, totalBytes: rawBytes },
    containers: manifest.containers.map(summaryOf),
    ...(user === undefined ? {} : { user }),
    ...(sensitive.length === 0 ? {} : { sensitive }),
    conditions: withCondition(
      checkpoint.status?.conditions,
      {
        type: "Completed",
        status: "True",
        reason: "Stored",
        message: "the store has confirmed all of it",
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      },
      new Date(now).toISOString(),
    ),
  };
}

function summaryOf(record: ContainerRecord): ContainerCheckpointSummary {
  const { name, rawBytes, storedBytes, callMilliseconds, way } = record;
  const { frozenMilliseconds, criuFrozenMilliseconds, nodeBytesWritten } = record;
  return {
    name,
    rawBytes,
    storedBytes,
    callMilliseconds,
    ...(frozenMilliseconds === undefined ? {} : { frozenMilliseconds }),
    ...(criuFrozenMilliseconds === undefined ? {} : { criuFrozenMilliseconds }),
    ...(nodeBytesWritten === undefined ? {} : { nodeBytesWritten }),
    way,
  };
}
