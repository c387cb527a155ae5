import type { Resource } from "#kube/kube";
import type { CustomResourceDefinition } from "#kube/objects";
import { apiGroup, labels } from "#checkpoint/api/names";
import { checkpoints, checkpointStores, restores } from "#checkpoint/api/types";
import {
  checkpointSpec,
  checkpointStatus,
  restoreSpec,
  restoreStatus,
  storeSpec,
  storeStatus,
} from "#checkpoint/api/crd-schemas";
import type { Rule } from "#checkpoint/api/schema";

/** The source of truth of manifests/crds; written there by `npm run manifests`. */

interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  /** Shown with `-o wide` only. */
  readonly wide?: true;
  readonly description?: string;
}

interface Definition {
  readonly resource: Resource;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: object;
  readonly status: object;
  readonly columns: readonly Column[];
  /** Fields usable in field selectors, so that an agent watches its own node's objects only. */
  readonly selectable: readonly string[];
  readonly rules?: readonly Rule[];
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
const errorText: Column = {
  name: "Error",
  type: "string",
  jsonPath: ".status.error.message",
  wide: true,
};

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
      age,
    ],
    selectable: [],
  },
];

function render(definition: Definition): CustomResourceDefinition {
  const { resource, rules } = definition;
  const [group = apiGroup, version = "v1alpha1"] = resource.apiVersion.split("/");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${resource.plural}.${group}`,
      labels: { [labels.partOf]: "kubectl-clouder" },
    },
    spec: {
      group,
      scope: resource.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        shortNames: definition.shortNames,
        categories: ["clouder"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns.map(({ wide, ...column }) => ({
            ...column,
            ...(wide ? { priority: 1 } : {}),
          })),
          ...(definition.selectable.length > 0
            ? { selectableFields: definition.selectable.map((jsonPath) => ({ jsonPath })) }
            : {}),
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: definition.description,
              required: ["spec"],
              ...(rules ? { "x-kubernetes-validations": rules } : {}),
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: definition.spec,
                status: definition.status,
              },
            },
          },
        },
      ],
    },
  };
}

/** The CustomResourceDefinitions, as they are applied. */
export const crds: readonly CustomResourceDefinition[] = definitions.map(render);
