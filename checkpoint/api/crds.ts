import { age, renderCrd } from "#kube/crd";
import type { Column, Definition } from "#kube/crd";
import type { CustomResourceDefinition } from "#kube/objects";
import type { Rule } from "#kube/schema";
import { checkpoints, checkpointStores, restores } from "#checkpoint/api/types";
import { endpointDefinition } from "#checkpoint/api/endpoint-crd";
import {
  checkpointSpec,
  checkpointStatus,
  restoreSpec,
  restoreStatus,
  storeSpec,
  storeStatus,
} from "#checkpoint/api/crd-schemas";

/** The source of truth of manifests/crds; written there by `npm run manifests`. */

const errorText: Column = {
  name: "Error",
  type: "string",
  jsonPath: ".status.error.message",
  wide: true,
};

const ready = '.status.conditions[?(@.type=="Ready")]';

/** Checkpoint and Restore names become label values and folder names. */
const shortName: Rule = {
  rule: "size(self.metadata.name) <= 63 && !self.metadata.name.contains('.')",
  message: "metadata.name must have at most 63 characters and no dot",
};

const definitions: readonly Definition[] = [
  {
    resource: checkpoints,
    shortNames: ["ckpt"],
    description: "A running pod, frozen with its memory and kept in a CheckpointStore.",
    spec: checkpointSpec,
    status: checkpointStatus,
    columns: [
      { name: "Pod", type: "string", jsonPath: ".spec.podName" },
      { name: "Phase", type: "string", jsonPath: ".status.phase" },
      { name: "Node", type: "string", jsonPath: ".status.nodeName" },
      { name: "Store", type: "string", jsonPath: ".status.storeName" },
      { name: "Bytes", type: "integer", jsonPath: ".status.storedBytes" },
      age,
      { name: "Location", type: "string", jsonPath: ".status.location", wide: true },
      errorText,
    ],
    selectable: [".spec.podName", ".status.nodeName", ".status.phase"],
    rules: [shortName],
  },
  {
    resource: restores,
    shortNames: ["ckptrestore"],
    description: "A checkpoint made to go on as a pod of this namespace.",
    spec: restoreSpec,
    status: restoreStatus,
    columns: [
      { name: "Pod", type: "string", jsonPath: ".spec.podName" },
      { name: "Checkpoint", type: "string", jsonPath: ".spec.checkpointName" },
      { name: "Phase", type: "string", jsonPath: ".status.phase" },
      { name: "Node", type: "string", jsonPath: ".status.nodeName" },
      age,
      errorText,
    ],
    selectable: [".spec.podName", ".status.nodeName", ".status.phase"],
    rules: [shortName],
  },
  {
    resource: checkpointStores,
    shortNames: ["ckptstore"],
    description: "A place that keeps checkpoints.",
    spec: storeSpec,
    status: storeStatus,
    columns: [
      { name: "URL", type: "string", jsonPath: ".spec.url" },
      { name: "Default", type: "boolean", jsonPath: ".spec.default" },
      { name: "Ready", type: "string", jsonPath: `${ready}.status` },
      age,
      { name: "Reason", type: "string", jsonPath: `${ready}.reason`, wide: true },
      { name: "Message", type: "string", jsonPath: `${ready}.message`, wide: true },
    ],
    selectable: [],
  },
  endpointDefinition,
];

/** The CustomResourceDefinitions, as they are applied. */
export const crds: readonly CustomResourceDefinition[] = definitions.map(renderCrd);
