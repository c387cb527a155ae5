import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { crds } from "#checkpoint/api/crds";

/** The text of manifests/crds/<plural>.yaml by file name. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    crds.map((crd) => [
      `${crd.metadata.name}.yaml`,
      `# Written by "npm run manifests" from checkpoint/api/crds.ts; do not edit.\n${stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })}`,
    ]),
  );
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../../manifests/crds");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of crdFiles()) writeFileSync(join(folder, name), text);
}
