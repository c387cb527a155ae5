import { access } from "node:fs/promises";
import { join } from "node:path";
import { openHelm, type HelmSurroundings } from "#bootstrap/addons/helm/helm";
import { wantedAddons } from "#bootstrap/addons/wanted";
import type { Packages } from "#bootstrap/packages/packages";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";

interface BeforeCreate extends HelmSurroundings {
  readonly spec: ClusterSpec;
  readonly folder: string;
  readonly packages: Pick<Packages, "chart">;
}

/** Before a cluster is made: what its add-ons need is told now and not at the end. */
export async function checkAddonTools(context: BeforeCreate): Promise<void> {
  const wanted = wantedAddons(context.spec);
  if (wanted.length === 0 || (await isMade(context.folder))) return;
  await openHelm(context);
  for (const { chart } of wanted) await context.packages.chart(chart);
}

/** A cluster that is there may have them all, and needs nothing then. */
async function isMade(folder: string): Promise<boolean> {
  return await access(join(folder, "kubeconfig")).then(
    () => true,
    () => false,
  );
}
