import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePart } from "./cache.ts";
import { debianServer } from "./debian.ts";
import { ensureHostTools } from "./host-tools.ts";
import {
  attachLabCluster,
  labFolder,
  removeHome,
  type LabCluster,
  type LabClusterOptions,
} from "./lab-cluster.ts";
import { machineRoot } from "./machine-root.ts";
import { progressOf } from "./progress.ts";
import { buildProductImage } from "./product-image.ts";

export interface OnlineClusterOptions extends LabClusterOptions {
  /** `spec.packages` of the Cluster document. */
  readonly packages: object;
}

const storeOnMachines = "/var/lib/clouder/store";

/**
 * A lab cluster without anything built here but the machines' root: software from repositories and
 * registries, a folder of this host as the store. Needs no Go.
 */
export async function raiseOnlineCluster(
  options: OnlineClusterOptions,
): Promise<LabCluster & AsyncDisposable> {
  const { name, show, packages } = options;
  const step = options.step ?? (() => undefined);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  step("a Debian root file system for the machines, made once and cached");
  await ensureHostTools(say);
  const progress = progressOf(2, say);
  const server = await ensurePart(debianServer, progress);
  const root = await ensurePart(machineRoot(server), progress);
  await using undo = new AsyncDisposableStack();
  const home = await mkdtemp(join(labFolder(), "clouder-home-"));
  undo.defer(() => removeHome(home));
  const store = join(home, "store");
  await mkdir(store);
  const folder = join(home, ".clouder", "kubeadm", name);
  const nodes = [`${name}-master`, `${name}-node-1`] as [string, string];
  const cluster = attachLabCluster(
    {
      ...{ name, home, nodes, bundle: "", gateway: "", s3: { endpoint: "", folder: store } },
      kubeconfig: join(folder, "kubeconfig"),
      // The machines' own: their root lies on this host.
      kubectl: join(folder, "machines", nodes[0], "root/usr/bin/kubectl"),
    },
    show,
  );

  step("kubectl clouder cluster create: a kubeadm cluster of two machines on this host");
  undo.defer(async () => {
    await cluster.clouder(["cluster", "delete", name, "--yes"]);
  });
  const document = join(home, "cluster.json");
  const settings = {
    root: join(root, "root.tar.zst"),
    binds: [{ source: store, destination: storeOnMachines }],
  };
  const spec = {
    provider: { name: "local", settings },
    controlPlane: { schedulable: true },
    packages,
  };
  const kind = { apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" };
  await writeFile(document, JSON.stringify({ ...kind, metadata: { name }, spec }));
  await cluster.clouder(["cluster", "create", "-f", document, "--yes"]);

  step("kubectl clouder install: the product in that cluster");
  await buildProductImage(say);
  await cluster.clouder(["cluster", "load-image", name, "dist/image.tar"]);
  await cluster.clouder(["install"]);
  await cluster.clouder(["store", "create", "folder", `file://${storeOnMachines}`, "--default"]);
  const kept = undo.move();
  return { ...cluster, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
