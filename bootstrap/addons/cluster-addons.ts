import type { Addon } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import { openHelm } from "#bootstrap/addons/helm/helm";
import { addons } from "#bootstrap/addons/table";
import { openPackages } from "#bootstrap/packages/registry";
import { keepSpec, type ClusterName, type Place } from "#bootstrap/pools/place";

/** An add-on of a recorded cluster. */
export interface ClusterAddon extends ClusterName {
  readonly addon: string;
}

export interface ChangedAddons {
  /** The add-ons that it was about. */
  readonly addons: readonly string[];
  /** False when everything was so already. */
  readonly changed: boolean;
}

/** Writes down which add-ons a cluster is to have, in the table's order. */
export async function keepAddons(place: Place, wanted: readonly Addon[]): Promise<void> {
  const names = new Set(wanted.map(({ name }) => name));
  const ordered = addons.map(({ name }) => name).filter((name) => names.has(name));
  await keepSpec(place, { ...place.spec, addons: ordered });
}

/** What add-ons of a cluster under its lock are applied with. */
export function addonPlace({ context, spec, kube, around }: Place): AddonPlace {
  return {
    ...{ kube, folder: context.folder, report: around.report, clock: around.clock },
    signal: around.signal,
    helm: () => openHelm(around),
    packages: () => openPackages(spec.packages),
  };
}
