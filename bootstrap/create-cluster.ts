import { randomUUID } from "node:crypto";
import { checkBundle, openBundle } from "#bootstrap/bundle/load";
import {
  clusterFolder,
  kubeconfigPath,
  readRecord,
  recordOf,
  writeRecord,
} from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import type { StepChoice } from "#bootstrap/plans/order";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import { runPlan, type StepTiming } from "#bootstrap/plans/runner";
import type { Provider } from "#bootstrap/providers/provider";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { PlanContext } from "#bootstrap/steps/step";
import { wantedCluster } from "#bootstrap/wanted-cluster";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import type { Reporter } from "#core/report";

export interface CreateClusterRequest {
  /** Where `~/.clouder` is. */
  readonly home: string;
  /** Text of the user's cluster.yaml. */
  readonly document?: string | undefined;
  /** Its name in messages. */
  readonly file?: string | undefined;
  readonly flags: ClusterFlags;
  readonly steps?: StepChoice;
}

export interface Surroundings {
  readonly report: Reporter;
  /** Socket of the user's SSH agent. */
  readonly sshAgent?: string | undefined;
  /** For variables that a cloud's own tools read. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface CreatedCluster {
  readonly name: string;
  readonly provider: string;
  readonly kubernetesVersion: string;
  readonly kubeconfig: string;
  readonly context: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly address: string;
  }[];
  /** False after a create of chosen steps only, until a whole one ends well. */
  readonly complete: boolean;
  /** False when everything was there already. */
  readonly changed: boolean;
  readonly timings: readonly StepTiming[];
}

/**
 * Makes a cluster, completes one that a killed run left half way, or finds that nothing is to do.
 * Idempotent: a second call on a healthy cluster changes nothing.
 */
export async function createCluster(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<CreatedCluster> {
  const spec = await wantedCluster(request, around);
  const folder = clusterFolder(request.home, spec.name);
  const prepared = await contextOf(spec, folder, around);
  return await withClusterLock(folder, async () => {
    const known = await readRecord(folder);
    if (known) refuseOtherCluster(known.spec, spec, prepared.provider);
    const identity = known ?? {
      uid: randomUUID(),
      created_at: new Date(around.clock.now()).toISOString(),
    };
    const context = { ...prepared, uid: identity.uid };
    // Before the record, so that a create which is refused at once leaves none.
    await context.provider.preflight(context);
    await writeRecord(folder, recordOf(spec, identity, known?.setup_complete ?? false));
    const { facts, timings } = await runPlan(createClusterPlan, context, request.steps);
    const complete = known?.setup_complete === true || !choosesSteps(request);
    if (complete && known?.setup_complete !== true) {
      await writeRecord(folder, recordOf(spec, identity, true));
    }
    return {
      name: spec.name,
      provider: spec.provider.name,
      kubernetesVersion: spec.kubernetesVersion,
      kubeconfig: kubeconfigPath(request.home, spec.name),
      context: spec.name,
      nodes: (facts.machines ?? []).map(({ name, role, privateAddress }) => ({
        name,
        role,
        address: privateAddress,
      })),
      complete,
      changed: timings.some(({ step, skipped }) => skipped === undefined && !looking.has(step)),
      timings,
    };
  });
}

/** What a create would do; nothing is written and nobody contacted. */
export async function previewCluster(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<readonly StepPreview[]> {
  const spec = await wantedCluster(request, around);
  const folder = clusterFolder(request.home, spec.name);
  const context = await contextOf(spec, folder, around);
  return previewPlan(createClusterPlan, context, request.steps);
}

/** Steps that only look. */
const looking: ReadonlySet<string> = new Set(["preflight", "connect", "facts"]);

function choosesSteps({ steps = {} }: CreateClusterRequest): boolean {
  return steps.only !== undefined || (steps.skip ?? []).length > 0;
}

async function contextOf(
  spec: ClusterSpec,
  folder: string,
  around: Surroundings,
): Promise<PlanContext> {
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const bundle = await openBundle(spec.packages.folder);
  checkBundle(bundle, spec.kubernetesVersion);
  return { ...around, spec, folder, uid: "", provider, bundle };
}

/** A name stands for one cluster: what cannot be changed in place is refused. */
function refuseOtherCluster(known: ClusterSpec, spec: ClusterSpec, provider: Provider): void {
  const differences = [
    ["provider", known.provider.name, spec.provider.name],
    ["Kubernetes version", known.kubernetesVersion, spec.kubernetesVersion],
    ["pod network", known.network.podCIDR, spec.network.podCIDR],
    ["service network", known.network.serviceCIDR, spec.network.serviceCIDR],
    ["DNS domain", known.network.dnsDomain, spec.network.dnsDomain],
    ["endpoint", known.controlPlane.endpoint ?? "", spec.controlPlane.endpoint ?? ""],
  ].filter(([, before, now]) => before !== now);
  const [first] = differences.map(([what, before]) => `the ${what ?? ""} ${before ?? ""}`);
  const change =
    first ??
    provider
      .cannotBecome(known.provider, spec.provider)
      ?.replace(/^/, "settings that do not allow ");
  if (change !== undefined) {
    throw new ClouderError("exists", `there is a cluster "${spec.name}" with ${change}`, {
      hint: `choose another name, or delete it first: kubectl clouder cluster delete ${spec.name}`,
    });
  }
  const names = new Set(wantedMachines(spec).map(({ name }) => name));
  const surplus = wantedMachines(known).filter(({ name }) => !names.has(name));
  if (surplus.length > 0) {
    throw new ClouderError(
      "refused",
      `${spec.name} already has ${surplus.map(({ name }) => name).join(", ")}, more than the ${names.size - 1} workers asked for`,
      { hint: "ask for at least as many workers as there are; create never removes machines" },
    );
  }
}
