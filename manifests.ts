import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { providers } from "#bootstrap/providers/registry";
import { clusterSchema } from "#bootstrap/spec/schema";
import { crds } from "#checkpoint/api/crds";
import { injectionCrds } from "#webhook/api/crds";

/** Each room's kinds, with the file they come from. */
const sources = [
  { file: "checkpoint/api/crds.ts", crds },
  { file: "webhook/api/crds.ts", crds: injectionCrds },
];

/** The text of manifests/crds/<plural>.<group>.yaml by file name. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    sources.flatMap(({ file, crds }) =>
      crds.map((crd) => [
        `${crd.metadata.name}.yaml`,
        `# Written by "npm run manifests" from ${file}; do not edit.\n${stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })}`,
      ]),
    ),
  );
}

/** The text of schemas/cluster-v1alpha1.json: what editors know of a Cluster document. */
export async function clusterSchemaFile(): Promise<string> {
  const settings = Object.entries(providers).map(
    async ([name, { load }]) => [name, (await load()).settingFields.schema] as const,
  );
  const schema = clusterSchema(Object.fromEntries(await Promise.all(settings)));
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "manifests/crds");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of crdFiles()) writeFileSync(join(folder, name), text);
  const schemas = join(import.meta.dirname, "schemas");
  mkdirSync(schemas, { recursive: true });
  writeFileSync(join(schemas, "cluster-v1alpha1.json"), await clusterSchemaFile());
}
