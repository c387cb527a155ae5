import { randomUUID } from "node:crypto";
import { checkBundle, openBundle } from "#bootstrap/bundle/load";
import {
  clusterFolder,
  kubeconfigPath,
  readRecord,
  recordOf,
  writeRecord,
  type ClusterRecord,
} from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import type { StepChoice } from "#bootstrap/plans/order";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import { runPlan, type StepTiming } from "#bootstrap/plans/runner";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { documentBundle, loadSpec, type ClusterFlags } from "#bootstrap/spec/load";
import type { PlanContext } from "#bootstrap/steps/step";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import type { Reporter } from "#core/report";

export interface CreateClusterRequest {
  /** Where `~/.clouder` is. */
  readonly home: string;
  /** Text of the user's cluster.yaml. */
  readonly document?: string | undefined;
  readonly flags: ClusterFlags;
  readonly steps?: StepChoice;
}

export interface Surroundings {
  readonly report: Reporter;
  /** Socket of the user's SSH agent. */
  readonly sshAgent?: string | undefined;
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
  const spec = await specOf(request);
  const folder = clusterFolder(request.home, spec.name);
  const prepared = await contextOf(spec, folder, around);
  return await withClusterLock(folder, async () => {
    const known = await readRecord(folder);
    if (known) refuseOtherCluster(known, spec);
    const identity = known ?? {
      uid: randomUUID(),
      created_at: new Date(around.clock.now()).toISOString(),
    };
    const context = { ...prepared, uid: identity.uid };
    // Before the record, so that a create which is refused at once leaves none.
    await context.provider.preflight(context);
    await writeRecord(folder, recordOf(spec, identity, known?.setup_complete ?? false));
    const { facts, timings } = await runPlan(createClusterPlan, context, request.steps);
    if (known?.setup_complete !== true) {
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
  const spec = await specOf(request);
  const folder = clusterFolder(request.home, spec.name);
  const context = await contextOf(spec, folder, around);
  return previewPlan(createClusterPlan, context, request.steps);
}

/** Steps that only look. */
const looking: ReadonlySet<string> = new Set(["preflight", "connect", "facts"]);

async function specOf({ document, flags }: CreateClusterRequest): Promise<ClusterSpec> {
  const parsed = document === undefined ? undefined : await parseDocument(document);
  const folder = flags.bundle ?? documentBundle(parsed);
  const { bundle } = await openBundle(folder ?? "");
  return loadSpec({
    ...(parsed !== undefined && { document: parsed }),
    flags,
    defaults: { kubernetesVersion: bundle.versions.kubernetes },
  });
}

async function parseDocument(text: string): Promise<unknown> {
  const { parseDocument: parse } = await import("yaml");
  const document = parse(text, { uniqueKeys: true });
  const [problem] = document.errors;
  if (problem) {
    throw new ClouderError("config", `the cluster document is not YAML: ${problem.message}`);
  }
  return document.toJS() as unknown;
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
function refuseOtherCluster(known: ClusterRecord, spec: ClusterSpec): void {
  const fixed = [
    ["provider", known.spec.provider.name, spec.provider.name],
    ["Kubernetes version", known.spec.kubernetesVersion, spec.kubernetesVersion],
    ["pod network", known.spec.network.podCIDR, spec.network.podCIDR],
    ["service network", known.spec.network.serviceCIDR, spec.network.serviceCIDR],
    ["DNS domain", known.spec.network.dnsDomain, spec.network.dnsDomain],
  ] as const;
  for (const [what, before, now] of fixed) {
    if (before !== now) {
      throw new ClouderError(
        "exists",
        `there is a cluster "${spec.name}" with the ${what} ${before}, not ${now}`,
        {
          hint: `choose another name, or delete it first: kubectl clouder cluster delete ${spec.name}`,
        },
      );
    }
  }
}
