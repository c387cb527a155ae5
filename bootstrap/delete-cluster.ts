import { rm } from "node:fs/promises";
import { clusterFolder, findRecord } from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import { refuseProtected } from "#bootstrap/deletion-protection";
import { unmergeKubeconfig } from "#bootstrap/merge-kubeconfig";
import { refuseOriginal } from "#bootstrap/original-record";
import { noPackages } from "#bootstrap/packages/none";
import { deleteOwnMachinesPlan, handBackMachinesPlan } from "#bootstrap/plans/delete-cluster";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import { runPlan } from "#bootstrap/plans/runner";
import type { LifeAround } from "#bootstrap/pools/place";
import { providers } from "#bootstrap/providers/registry";
import type { PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError, hasCode, isClouderError, messageOf } from "#core/error";
import { loadDriver } from "#core/registry";
import type { Reporter } from "#core/report";

export interface DeleteClusterRequest {
  readonly home: string;
  readonly name: string;
  /** The user's kubeconfig, from which the cluster's entries go too. */
  readonly userKubeconfig: string;
  /** Go on although the API server, or a machine of the user's, cannot be reached. */
  readonly force?: boolean;
  /** Delete a resource group of the user's along with it, once it is empty. */
  readonly deleteGroup?: boolean;
}

/** How a delete ended: a look at the end found nothing of the cluster but what is told here. */
export interface DeletedCluster {
  readonly name: string;
  readonly machines: "gone" | "handed back";
  /** What is left on purpose or because it was forced, each with the reason. */
  readonly stays: readonly string[];
}

/**
 * Removes a cluster with all that was made for it; idempotent, and the record goes last, so that a
 * killed run can be repeated. `conflict` names what could not be removed.
 */
export async function deleteCluster(
  request: DeleteClusterRequest,
  around: LifeAround,
): Promise<DeletedCluster> {
  const { home, name } = request;
  const folder = clusterFolder(home, name);
  await findRecord(home, name);
  return await withClusterLock(folder, async () => {
    const stays: string[] = [];
    const report: Reporter = (event) => {
      // What a delete warns of is what it leaves: kept volumes, files that cannot be put back.
      if (event.type === "note" && event.level === "warn") {
        stays.push(event.host === undefined ? event.message : `${event.host}: ${event.message}`);
      }
      around.report(event);
    };
    const { plan, context } = await planOf(request, { ...around, report });
    const { keepsMachines } = context.provider;
    try {
      await runPlan(plan, context);
    } catch (error) {
      if (!keepsMachines) throw error;
      if (request.force !== true) throw withForce(error);
      stays.push(messageOf(error));
    }
    await unmergeKubeconfig(request.userKubeconfig, name, context.uid);
    await rm(folder, { recursive: true, force: true });
    return { name, machines: keepsMachines ? "handed back" : "gone", stays };
  });
}

/** What a delete would do. */
export async function previewDelete(
  request: DeleteClusterRequest,
  around: LifeAround,
): Promise<readonly StepPreview[]> {
  const { plan, context } = await planOf(request, around);
  return previewPlan(plan, context);
}

async function planOf(
  { home, name, force = false, deleteGroup = false }: DeleteClusterRequest,
  around: LifeAround,
): Promise<{ readonly plan: readonly Step[]; readonly context: PlanContext }> {
  const record = await findRecord(home, name);
  refuseOriginal(record);
  refuseProtected(record);
  const { spec, uid } = record;
  if (deleteGroup && spec.provider.name !== "azure") {
    throw new ClouderError("usage", `"${name}" has no resource group: it is of ${record.cloud}`, {
      hint: "leave --delete-rg out",
    });
  }
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  return {
    plan: provider.keepsMachines
      ? handBackMachinesPlan({ force })
      : deleteOwnMachinesPlan({ connect: around.connect, force }),
    context: {
      ...around,
      ...(deleteGroup && { deleteGroup }),
      spec,
      uid,
      folder: clusterFolder(home, name),
      provider,
      packages: noPackages,
    },
  };
}

/** Machines of the user's that do not answer keep a delete from beginning. */
function withForce(error: unknown): unknown {
  if (!isClouderError(error) || !hasCode(error, "unreachable", "timeout")) return error;
  const { code, message, cause, details, hint } = error;
  const cures = [...(hint === undefined ? [] : [hint]), "--force goes on without it"];
  return new ClouderError(code, message, { hint: cures.join("; "), cause, details });
}
