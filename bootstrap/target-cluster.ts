import {
  clusterFolder,
  readRecord,
  refuseHalfUpgraded,
  type ClusterRecord,
} from "#bootstrap/cluster-folder";
import type { CreateClusterRequest, Surroundings } from "#bootstrap/create-cluster";
import type { Difference } from "#bootstrap/differences/difference";
import { lastingDifferences } from "#bootstrap/differences/recorded";
import { withKnownProtection } from "#bootstrap/deletion-protection";
import { withKnownAddons } from "#bootstrap/addons/wanted";
import { refuseOriginal } from "#bootstrap/original-record";
import { openPackages } from "#bootstrap/packages/registry";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { withNumbers } from "#bootstrap/spec/machines";
import type { PlanContext } from "#bootstrap/steps/step";
import { wantedCluster } from "#bootstrap/wanted-cluster";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";

/** A cluster as it is wanted, beside what is recorded of it. */
export interface Target {
  /** With the numbers that workers have or get. */
  readonly spec: ClusterSpec;
  readonly known: ClusterRecord | undefined;
  /** Its uid is empty while there is no record. */
  readonly context: PlanContext;
  /** What the cluster that is there cannot become. */
  readonly refused: readonly Difference[];
}

/** Everything that can be known of a request without asking a machine or a cloud. */
export async function preparedContext(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<PlanContext> {
  const spec = await wantedCluster(request, around);
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const packages = await openPackages(spec.packages);
  packages.check(spec.kubernetesVersion);
  const folder = clusterFolder(request.home, spec.name);
  return { ...around, spec, folder, uid: "", provider, packages };
}

/** Compares what is wanted with the record. */
export async function targetOf(prepared: PlanContext): Promise<Target> {
  const known = await readRecord(prepared.folder);
  const numbered = withNumbers(prepared.spec, known?.spec);
  const spec = withKnownProtection(withKnownAddons(numbered, known?.spec), known?.spec);
  const context = { ...prepared, spec, uid: known?.uid ?? "" };
  const refused = known ? lastingDifferences(known.spec, spec, prepared.provider) : [];
  return { spec, known, context, refused };
}

/** A name stands for one cluster: fails with what cannot be changed in place, and the cure. */
export function refuseOtherCluster({ spec, refused, known }: Target): void {
  if (known) refuseOriginal(known);
  if (known) refuseHalfUpgraded(known);
  const [first] = refused;
  if (!first) return;
  const hint = first.cure ?? "";
  if (first.object.startsWith("machine/")) {
    const names = refused.map(({ object }) => object.replace("machine/", "")).join(", ");
    throw new ClouderError("refused", `${spec.name} already has ${names}, more than is asked for`, {
      hint,
    });
  }
  if (first.object.startsWith("addon/")) {
    const name = first.object.replace("addon/", "");
    const message = `${spec.name} has the add-on ${name}, which is not asked for`;
    throw new ClouderError("refused", message, { hint });
  }
  const has = first.fields
    .map(({ field, before, after }) =>
      before === undefined ? `${field} that do not allow ${after ?? ""}` : `${field} ${before}`,
    )
    .join(", ");
  throw new ClouderError("exists", `there is a cluster "${spec.name}" with ${has}`, { hint });
}
