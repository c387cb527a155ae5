import { clusterFields } from "./cluster-fields.ts";
import type { JsonSchema } from "./field.ts";

/** The JSON Schema of a `Cluster` document, with the settings that each provider takes. */
export function clusterSchema(settings: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const within = (provider: JsonSchema): JsonSchema => ({
    properties: { spec: { properties: { provider } } },
  });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Cluster (bootstrap.clouder.datalayer.io/v1alpha1)",
    ...clusterFields.schema,
    allOf: [
      within({ properties: { name: { enum: Object.keys(settings) } } }),
      ...Object.entries(settings).map(([name, schema]) => ({
        if: within({
          properties: { name: { const: name } },
          // The one that is taken where none is named.
          ...(name !== "local" && { type: "object", required: ["name"] }),
        }),
        then: within({ properties: { settings: schema } }),
      })),
    ],
  };
}
