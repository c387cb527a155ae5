import type {
  Checkpoint,
  CheckpointStatus,
  CheckpointStore,
  PodTemplate,
  Restore,
  RestoreStatus,
} from "#checkpoint/api/types";
import { object } from "#kube/schema";
import {
  credentialsPattern,
  doubleHyphenPattern,
  relativeSegmentPattern,
  storeUrlPattern,
} from "#checkpoint/api/store-url";
import {
  progress,
  error,
  checkpointPhases,
  restorePhases,
  placement,
  compatibility,
  containerSummary,
} from "#checkpoint/api/crd-parts";
import {
  text,
  time,
  bytes,
  milliseconds,
  generation,
  texts,
  textMap,
  openObject,
  subdomain,
  label,
  immutable,
  conditions,
} from "#kube/schema-parts";

export const checkpointSpec = object<Checkpoint["spec"]>(
  { podName: true },
  {
    podName: { ...subdomain, description: "Pod of this namespace." },
    podUID: { type: "string", maxLength: 64, description: "Guards against a namesake." },
    containers: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      "x-kubernetes-list-type": "set",
      description: "Absent: all containers of the pod.",
      items: label,
    },
    storeName: { ...subdomain, description: "A CheckpointStore; absent: the default one." },
  },
  immutable("Checkpoint"),
);

export const checkpointStatus = object<CheckpointStatus>(
  {},
  {
    phase: { type: "string", enum: checkpointPhases },
    observedGeneration: generation,
    nodeName: text,
    podUID: text,
    storeName: text,
    compatibility,
    placement,
    location: text,
    startTime: time,
    completionTime: time,
    progress,
    rawBytes: bytes,
    storedBytes: bytes,
    containers: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: containerSummary,
    },
    error,
    hints: texts,
    user: text,
    sensitive: texts,
    conditions,
  },
);

/** CEL: an optional field is what it was, absent included. */
const unchanged = (field: string) =>
  `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`;

export const restoreSpec = object<Restore["spec"]>(
  { checkpointName: true, podName: true },
  {
    checkpointName: subdomain,
    checkpointNamespace: { ...label, description: "Absent: the Restore's own namespace." },
    podName: { ...subdomain, description: "The pod that will be created in this namespace." },
    nodeName: { ...subdomain, description: "Absent: chosen by the controller." },
    nodeSelector: {
      type: "object",
      maxProperties: 16,
      additionalProperties: { type: "string", maxLength: 63 },
      description: "Labels that the node must have: hardware, a zone, a pool.",
    },
    user: { ...label, description: "The checkpoint's user, when it has one." },
    ttlSecondsAfterFinished: {
      type: "integer",
      format: "int32",
      minimum: 0,
      description:
        "How long it is kept once finished and its pod is gone; absent: a day after success, seven days after a failure.",
    },
  },
  {
    "x-kubernetes-validations": [
      {
        rule: [
          "checkpointName",
          "podName",
          "checkpointNamespace",
          "nodeName",
          "nodeSelector",
          "user",
        ]
          .map(unchanged)
          .join(" && "),
        message: "only spec.ttlSecondsAfterFinished can be changed: make another Restore",
      },
    ],
  },
);

export const restoreStatus = object<RestoreStatus>(
  {},
  {
    phase: { type: "string", enum: restorePhases },
    observedGeneration: generation,
    nodeName: text,
    podUID: text,
    startTime: time,
    completionTime: time,
    progress,
    podTemplate: object<PodTemplate>(
      { metadata: true, spec: true },
      {
        metadata: object<PodTemplate["metadata"]>(
          {},
          { labels: textMap, annotations: textMap },
          { "x-kubernetes-preserve-unknown-fields": true },
        ),
        spec: openObject,
      },
    ),
    containers: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: object<NonNullable<RestoreStatus["containers"]>[number]>(
        { name: true },
        { name: text, restoreMilliseconds: milliseconds },
      ),
    },
    error,
    hints: texts,
    conditions,
  },
);

/** A CEL literal; backslashes are CEL's own escapes, too. */
const matches = (pattern: string) => `self.matches(r'${pattern}')`;

const azureIs = "self.url.startsWith('azblob://') || self.url.startsWith('az://')";
const accountGiven = "has(self.azblob) && (has(self.azblob.account) || has(self.azblob.endpoint))";

export const storeSpec = object<CheckpointStore["spec"]>(
  { url: true },
  {
    url: {
      type: "string",
      maxLength: 1024,
      description:
        "s3://bucket/prefix, azblob://account/container/prefix, az://container/prefix or file:///dir.",
      "x-kubernetes-validations": [
        {
          rule: `!${matches(credentialsPattern)} && !self.contains('?') && !self.contains('#')`,
          message:
            "url must hold no credentials, query or fragment: use spec.credentialsSecretName",
        },
        {
          rule: `${matches(storeUrlPattern)} && !${matches(doubleHyphenPattern)}`,
          message:
            "url must be s3://bucket/prefix, azblob://account/container/prefix, az://container/prefix or file:///dir",
        },
        {
          rule: `!${matches(relativeSegmentPattern)}`,
          message: "url must not hold . or ..",
        },
        {
          rule: "self == oldSelf",
          message: "url cannot be changed, checkpoints lie there: make another CheckpointStore",
        },
      ],
    },
    default: { type: "boolean" },
    s3: object<NonNullable<CheckpointStore["spec"]["s3"]>>(
      {},
      { endpoint: text, region: text, forcePathStyle: { type: "boolean" }, kmsKeyId: text },
    ),
    azblob: object<NonNullable<CheckpointStore["spec"]["azblob"]>>(
      {},
      {
        endpoint: text,
        account: {
          type: "string",
          pattern: "^[a-z0-9]{3,24}$",
          description: "The storage account of an az:// url.",
        },
      },
    ),
    credentialsSecretName: {
      ...subdomain,
      description: "A Secret in clouder-system; absent: the SDK's own chain.",
    },
  },
  {
    "x-kubernetes-validations": [
      {
        rule: "!has(self.s3) || self.url.startsWith('s3://')",
        message: "spec.s3 goes with an s3:// url only",
      },
      {
        rule: `!has(self.azblob) || ${azureIs}`,
        message: "spec.azblob goes with an azblob:// or az:// url only",
      },
      {
        rule: "!has(self.azblob) || !has(self.azblob.account) || self.url.startsWith('az://')",
        message: "spec.azblob.account goes with an az:// url only: azblob:// names the account",
      },
      {
        rule: `!self.url.startsWith('az://') || (${accountGiven}) || has(self.credentialsSecretName)`,
        message:
          "an az:// url names no account: set spec.azblob.account, or a Secret with a connectionString",
      },
    ],
  },
);

export const storeStatus = object<NonNullable<CheckpointStore["status"]>>(
  {},
  { conditions, checkedAt: time, checkedBy: text },
);
