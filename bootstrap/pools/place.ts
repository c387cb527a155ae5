import {
  clusterFolder,
  findRecord,
  kubeconfigPath,
  recordOf,
  refuseHalfUpgraded,
  writeRecord,
  type ClusterRecord,
} from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import type { Surroundings } from "#bootstrap/create-cluster";
import { noPackages } from "#bootstrap/packages/none";
import { openPackages } from "#bootstrap/packages/registry";
import { refuseOriginal } from "#bootstrap/original-record";
import { loadCreatePlan } from "#bootstrap/plans/load-create-plan";
import { runPlan, type PlanResult } from "#bootstrap/plans/runner";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { validateSpec } from "#bootstrap/spec/validate";
import { withNumbers } from "#bootstrap/spec/machines";
import type { PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import type { Kube } from "#kube/kube";

/** How jobs that change a running cluster reach it. */
export interface LifeAround extends Surroundings {
  readonly connect: (kubeconfig: string) => Promise<Kube>;
}

/** A cluster under its lock, for jobs that change it. */
export interface Place {
  readonly around: LifeAround;
  readonly record: ClusterRecord;
  /** With the numbers of all nodes. */
  readonly spec: ClusterSpec;
  readonly context: PlanContext;
  readonly kube: Kube;
}

export interface ClusterName {
  /** Where `~/.clouder` is. */
  readonly home: string;
  readonly cluster: string;
}

/** The record of a cluster that can be changed: ours, and complete. */
export async function completeRecord({ home, cluster }: ClusterName): Promise<ClusterRecord> {
  const record = await findRecord(home, cluster);
  refuseOriginal(record);
  if (record.setup_complete) return record;
  throw new ClouderError("refused", `the cluster "${cluster}" is not complete yet`, {
    hint: `complete it first: kubectl clouder kubeadm setup ${cluster}`,
  });
}

/** Runs a job on a cluster that is complete, while no other command changes it. */
export async function atCluster<T>(
  { home, cluster }: ClusterName,
  around: LifeAround,
  job: (place: Place) => Promise<T>,
): Promise<T> {
  await findRecord(home, cluster);
  const folder = clusterFolder(home, cluster);
  return await withClusterLock(folder, async () => {
    const record = await completeRecord({ home, cluster });
    const spec = withNumbers(record.spec);
    const provider = await loadDriver(providers, "provider", spec.provider.name);
    const context = {
      ...{ ...around, spec, folder, uid: record.uid, provider, packages: noPackages },
    };
    const kube = await around.connect(kubeconfigPath(home, cluster));
    return await job({ around, record, spec, context, kube });
  });
}

/** Writes what the cluster is to be; the intent comes before the change. */
export async function keepSpec({ context, record }: Place, spec: ClusterSpec): Promise<void> {
  await writeRecord(context.folder, recordOf(spec, record, true));
}

/** Makes what a larger spec wants; whatever is there already stays as it is. */
export async function growInto(place: Place, wanted: ClusterSpec): Promise<PlanResult> {
  refuseHalfUpgraded(place.record);
  const spec = withNumbers(validateSpec(wanted), place.spec);
  const packages = await openPackages(spec.packages);
  packages.check(spec.kubernetesVersion);
  const keepIntent = () => keepSpec(place, spec);
  const context = { ...place.context, spec, packages, keepIntent };
  return await runPlan(await loadCreatePlan(context), context);
}
