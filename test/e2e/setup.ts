import type { TestProject } from "vitest/node";
import type { LabClusterPlace } from "#test/lab/lab-cluster";
import { raiseLabCluster } from "#test/lab/lab-cluster";
import { readFile, writeFile } from "node:fs/promises";

declare module "vitest" {
  interface ProvidedContext {
    readonly lab: LabClusterPlace;
  }
}

/**
 * One cluster for all end-to-end tests. CLOUDER_E2E_PLACE=FILE keeps it: the first run writes where
 * it is, later runs use it (its S3 server has to be running still).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const placeFile = process.env["CLOUDER_E2E_PLACE"];
  const kept =
    placeFile === undefined ? undefined : await readFile(placeFile).catch(() => undefined);
  if (kept !== undefined) {
    const { place } = JSON.parse(kept.toString()) as { readonly place: LabClusterPlace };
    project.provide("lab", place);
    return () => Promise.resolve();
  }
  const cluster = await raiseLabCluster({
    name: "e2e",
    step: (title) => process.stdout.write(`e2e: ${title}\n`),
  });
  const { name, home, bundle, kubeconfig, nodes, gateway, s3 } = cluster;
  const place = { name, home, bundle, kubeconfig, nodes, gateway, s3 };
  project.provide("lab", place);
  if (placeFile !== undefined) {
    await writeFile(placeFile, JSON.stringify({ place }));
    return () => Promise.resolve();
  }
  return async () => cluster[Symbol.asyncDispose]();
}
