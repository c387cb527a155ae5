import type { Toleration } from "#kube/objects";
import type {
  CheckpointPhase,
  Compatibility,
  Condition,
  ContainerCheckpointSummary,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Placement,
  Progress,
  RestorePhase,
  StatusError,
} from "#checkpoint/api/types";
import { object } from "#checkpoint/api/schema";

/** Pieces of the CRD schemas; see crd-schemas for where they go. */

export const text = { type: "string" } as const;
export const time = { type: "string", format: "date-time" } as const;
export const bytes = { type: "integer", format: "int64", minimum: 0 } as const;
export const milliseconds = { type: "number", minimum: 0 } as const;
export const generation = { type: "integer", format: "int64" } as const;
export const texts = { type: "array", items: text } as const;
export const textMap = { type: "object", additionalProperties: text } as const;
export const openObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

export const subdomain = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
} as const;
export const label = {
  type: "string",
  minLength: 1,
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
} as const;

export const immutable = (kind: string) => ({
  "x-kubernetes-validations": [
    { rule: "self == oldSelf", message: `spec cannot be changed: make another ${kind}` },
  ],
});

export const conditions = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: object<Condition>(
    { type: true, status: true, reason: true, message: true, lastTransitionTime: true },
    {
      type: { type: "string", maxLength: 316 },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      reason: { type: "string", maxLength: 1024 },
      message: { type: "string", maxLength: 32768 },
      lastTransitionTime: time,
      observedGeneration: generation,
    },
  ),
} as const;

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
