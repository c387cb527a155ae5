import { randomUUID } from "node:crypto";
import { kubeconfigPath, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import { protectionDifferences } from "#bootstrap/deletion-protection";
import type { AskSecret } from "#bootstrap/nodes/ask-secret";
import { loadCreatePlan } from "#bootstrap/plans/load-create-plan";
import type { StepChoice } from "#bootstrap/plans/order";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import { runPlan, type StepTiming } from "#bootstrap/plans/runner";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { preparedContext, refuseOtherCluster, targetOf } from "#bootstrap/target-cluster";
import type { Clock } from "#core/clock";
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
  /** Steps of machines at work at the same time. */
  readonly parallel?: number | undefined;
}

export interface Surroundings {
  readonly report: Reporter;
  /** Socket of the user's SSH agent. */
  readonly sshAgent?: string | undefined;
  /** For keys with a passphrase and users whose sudo wants a password. */
  readonly askSecret?: AskSecret | undefined;
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
  const prepared = await preparedContext(request, around);
  const { folder } = prepared;
  return await withClusterLock(folder, async () => {
    const target = await targetOf(prepared);
    refuseOtherCluster(target);
    const { spec, known } = target;
    const identity = known ?? {
      uid: randomUUID(),
      created_at: new Date(around.clock.now()).toISOString(),
    };
    const keepIntent = () =>
      writeRecord(folder, recordOf(spec, identity, known?.setup_complete ?? false));
    const context = { ...target.context, uid: identity.uid, keepIntent };
    const { facts, timings } = await runPlan(await loadCreatePlan(context), context, {
      ...request.steps,
      ...(request.parallel !== undefined && { parallel: request.parallel }),
    });
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
      changed:
        timings.some(({ step, skipped }) => skipped === undefined && !looking.has(step)) ||
        (known !== undefined && protectionDifferences(known.spec, spec).length > 0),
      timings,
    };
  });
}

/** What a create would do; nothing is written and nobody contacted. */
export async function previewCluster(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<readonly StepPreview[]> {
  const { context } = await targetOf(await preparedContext(request, around));
  return previewPlan(await loadCreatePlan(context), context, request.steps);
}

/** Steps that only look. */
const looking: ReadonlySet<string> = new Set([
  ...["preflight", "endpoint", "load-balancer", "connect", "facts", "compare-hosts"],
]);

function choosesSteps({ steps = {} }: CreateClusterRequest): boolean {
  return steps.only !== undefined || (steps.skip ?? []).length > 0;
}
