import { readdirSync } from "node:fs";
import { join } from "node:path";
import { labFolder, removeHome } from "#test/lab/lab-cluster";

/** Removes every home that is left below the lab's folder, clusters first: for runs cut off. */
for (const name of readdirSync(labFolder())) {
  if (name.startsWith("clouder-home-")) await removeHome(join(labFolder(), name));
}
