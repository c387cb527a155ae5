import { randomUUID } from "node:crypto";
import { addonInput } from "#bootstrap/addons/input";
import { wantedAddons } from "#bootstrap/addons/wanted";
import { kubeconfigPath } from "#bootstrap/cluster-folder";
import type { CreateClusterRequest, Surroundings } from "#bootstrap/create-cluster";
import { protectionDifferences } from "#bootstrap/deletion-protection";
import type { Difference } from "#bootstrap/differences/difference";
import { hostDifferences } from "#bootstrap/differences/hosts";
import { machineDifferences } from "#bootstrap/differences/machines";
import { clusterDifferences } from "#bootstrap/differences/nodes";
import { stepsFor } from "#bootstrap/differences/steps";
import type { StepPreview } from "#bootstrap/plans/preview";
import type { OwnPrices } from "#bootstrap/providers/own-prices";
import type { Cost } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { preparedContext, targetOf, type Target } from "#bootstrap/target-cluster";
import type { Kube } from "#kube/kube";

/** What an apply of the same document would do, from machines and cluster as they are now. */
export interface ClusterPlan {
  readonly name: string;
  readonly provider: string;
  /** Empty: nothing to do. */
  readonly differences: readonly Difference[];
  /** What would run where. */
  readonly steps: readonly StepPreview[];
  /** Of the whole cluster, where the provider knows prices. */
  readonly cost?: Cost;
}

/**
 * Compares and changes nothing: neither here, nor on machines, nor in the cluster. What keeps a
 * create from beginning is told as create tells it: a plan that cannot be carried out is none.
 */
export async function planCluster(
  request: CreateClusterRequest,
  around: Surroundings,
  connect: (kubeconfig: string) => Promise<Kube>,
  ownPrices?: OwnPrices,
): Promise<ClusterPlan> {
  const target = await targetOf(await preparedContext(request, around));
  const { spec, context } = target;
  // A cluster that is not there yet is nobody's, as it is when create looks.
  const checked = { ...context, uid: target.known?.uid ?? randomUUID() };
  if (target.refused.length === 0) await context.provider.preflight(checked);
  const differences = await differencesOf(target, () =>
    connect(kubeconfigPath(request.home, spec.name)),
  );
  const cost = context.provider.cost?.(context, wantedMachines(spec), ownPrices);
  return {
    ...{ name: spec.name, provider: spec.provider.name, differences },
    steps: await stepsFor(context, differences, request.steps),
    ...(cost && { cost }),
  };
}

async function differencesOf(
  { spec, known, context, refused }: Target,
  connect: () => Promise<Kube>,
): Promise<readonly Difference[]> {
  const wanted = wantedMachines(spec);
  if (!known) {
    const fields = [{ field: "kubernetes", after: spec.kubernetesVersion }];
    return [
      { object: `cluster/${spec.name}`, change: "create", fields },
      ...machineDifferences(wanted, []),
    ];
  }
  // Where the record is of something else, machines and cluster are not this one's.
  if (refused.some(({ object }) => object.startsWith("cluster/"))) return refused;
  const all = await context.provider.list(context);
  const live = all.filter(({ name }) => wanted.some((one) => one.name === name));
  const begun = { field: "setup", before: "begun", after: "complete" };
  const setup: Difference = {
    ...{ object: `cluster/${spec.name}`, change: "update", fields: [begun] },
  };
  const [hosts, cluster] = await Promise.all([
    hostDifferences(spec, known.uid, live, context.signal),
    clusterDifferences(spec, wanted, connect, () => addonInput(wantedAddons(spec), context)),
  ]);
  return [
    ...refused,
    ...(known.setup_complete ? [] : [setup]),
    ...protectionDifferences(known.spec, spec),
    ...machineDifferences(wanted, live),
    ...hosts,
    ...cluster,
  ];
}
