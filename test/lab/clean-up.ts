import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { labFolder } from "#test/lab/lab-cluster";
import { runCommand } from "#test/lab/run-command";

/** Deletes every cluster whose home is left below the lab's folder: for runs that were cut off. */
const launcher = join(import.meta.dirname, "../../bin/kubectl-clouder");
for (const home of readdirSync(labFolder()).filter((name) => name.startsWith("clouder-home-"))) {
  const folder = join(labFolder(), home);
  const clusters = join(folder, ".clouder", "kubeadm");
  for (const name of existsSync(clusters) ? readdirSync(clusters) : []) {
    process.stdout.write(`left behind: cluster ${name} of ${folder}; deleting it\n`);
    await runCommand([launcher, "cluster", "delete", name, "--yes"], {
      env: { ...process.env, HOME: folder },
      show: true,
      allowFailure: true,
    });
  }
  if (!existsSync(clusters) || readdirSync(clusters).length === 0) {
    await rm(folder, { recursive: true, force: true });
  }
}
