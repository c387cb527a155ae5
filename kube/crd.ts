import { commonLabels } from "#kube/install/labels";
import type { Resource } from "#kube/kube";
import type { CustomResourceDefinition } from "#kube/objects";
import type { Rule } from "#kube/schema";

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  /** Shown with `-o wide` only. */
  readonly wide?: true;
  readonly description?: string;
}

export interface Definition {
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

export const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
/** The CustomResourceDefinition of a kind, served and stored in the one version of its resource. */
export function renderCrd(definition: Definition): CustomResourceDefinition {
  const { resource, rules } = definition;
  const [group = "", version = ""] = resource.apiVersion.split("/");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${resource.plural}.${group}`,
      labels: commonLabels,
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
