import { addonState, type AddonState } from "#bootstrap/addons/addon-state";
import { addonInput } from "#bootstrap/addons/input";
import { addons } from "#bootstrap/addons/table";
import { fits, wantedAddons } from "#bootstrap/addons/wanted";
import { clusterFolder, findRecord } from "#bootstrap/cluster-folder";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { providers } from "#bootstrap/providers/registry";
import { readKubeconfig } from "#bootstrap/use-cluster";
import { loadDriver } from "#core/registry";

/** One add-on of the table, as a cluster has it. */
export interface ListedAddon {
  readonly name: string;
  readonly title: string;
  /** The cluster is to have it. */
  readonly enabled: boolean;
  readonly state: "ready" | "not ready" | "outdated" | "absent";
  /** Of the chart that is there, else of the one that would be. */
  readonly version: string;
  readonly namespace: string;
  readonly release: string;
  /** What is waited for. */
  readonly reasons: readonly string[];
}

/** The add-ons that a cluster can have, and how they are; needs no helm. */
export async function listAddons(
  { home, cluster }: ClusterName,
  around: LifeAround,
): Promise<readonly ListedAddon[]> {
  const { spec, uid } = await findRecord(home, cluster);
  const { path } = await readKubeconfig(home, cluster);
  const kube = await around.connect(path);
  const wanted = new Set(wantedAddons(spec).map(({ name }) => name));
  const possible = addons.filter((one) => fits(one, spec.provider.name));
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const context = { ...around, spec, uid, folder: clusterFolder(home, cluster), provider };
  const input = await addonInput(possible, context);
  return await Promise.all(
    possible.map(async (one) => {
      const state = await addonState(kube, one, input);
      return {
        ...{ name: one.name, title: one.title, enabled: wanted.has(one.name) },
        state: stateOf(state),
        version: state.release?.chart.version ?? one.chart.version,
        ...{ namespace: one.namespace, release: one.release },
        reasons: state.readiness.reasons.map(({ text }) => text),
      };
    }),
  );
}

function stateOf({ release, asWanted, readiness }: AddonState): ListedAddon["state"] {
  if (!release) return "absent";
  if (!readiness.ready) return "not ready";
  return asWanted ? "ready" : "outdated";
}
