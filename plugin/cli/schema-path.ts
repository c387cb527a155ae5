import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The JSON Schema that came with this program, from wherever in it this file was bundled to. */
export function schemaPath(): string {
  const name = "schemas/cluster-v1alpha1.json";
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, name)) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, name);
}
