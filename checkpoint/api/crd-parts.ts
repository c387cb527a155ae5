import type { Toleration } from "#kube/objects";
import type {
  CheckpointPhase,
  Compatibility,
  ContainerCheckpointSummary,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Placement,
  Progress,
  RestorePhase,
  StatusError,
} from "#checkpoint/api/types";
import { object } from "#kube/schema";
import { bytes, generation, milliseconds, text, textMap, texts } from "#kube/schema-parts";

/** Pieces of the CRD schemas; see crd-schemas for where they go. */

export const progress = object<Progress>(
  { doneBytes: true },
  { doneBytes: bytes, totalBytes: bytes },
);

export const error = object<StatusError>(
  { code: true, message: true },
  { code: text, message: text, hint: text, logLines: texts },
);

export const checkpointPhases: readonly CheckpointPhase[] = [
  "Pending",
  "Scheduled",
  "Checkpointing",
  "Uploading",
  "Completed",
  "Failed",
];
export const restorePhases: readonly RestorePhase[] = [
  "Pending",
  "Scheduled",
  "Staging",
  "Staged",
  "Restoring",
  "Completed",
  "Failed",
];

export const requirement = object<NodeSelectorRequirement>(
  { key: true, operator: true },
  { key: text, operator: text, values: texts },
);

export const placement = object<Placement>(
  { requests: true, images: true },
  {
    requests: textMap,
    images: texts,
    tolerations: {
      type: "array",
      items: object<Toleration>(
        {},
        { key: text, operator: text, value: text, effect: text, tolerationSeconds: generation },
      ),
    },
    nodeSelector: textMap,
    requiredNodeAffinity: {
      type: "array",
      items: object<NodeSelectorTerm>(
        {},
        {
          matchExpressions: { type: "array", items: requirement },
          matchFields: { type: "array", items: requirement },
        },
      ),
    },
  },
);

export const compatibility = object<Compatibility>(
  {
    architecture: true,
    kernel: true,
    runtimeVersion: true,
    cgroupVersion: true,
    cpuFeatures: true,
  },
  {
    architecture: text,
    kernel: text,
    criuVersion: text,
    runtimeVersion: text,
    ociRuntimeVersion: text,
    cgroupVersion: { type: "integer", enum: [1, 2] },
    cpuFeatures: texts,
  },
);

export const containerSummary = object<ContainerCheckpointSummary>(
  { name: true, rawBytes: true, storedBytes: true, callMilliseconds: true, way: true },
  {
    name: text,
    rawBytes: bytes,
    storedBytes: bytes,
    callMilliseconds: milliseconds,
    frozenMilliseconds: milliseconds,
    criuFrozenMilliseconds: milliseconds,
    nodeBytesWritten: bytes,
    way: { type: "string", enum: ["handler", "plain"] },
  },
);
