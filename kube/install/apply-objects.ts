import type { Kube, KubeObject } from "#kube/kube";
import { nameOf, referenceOf, resourceOf } from "#kube/install/kinds";
import { waitForCrds, waitForRollouts } from "#kube/install/rollout";
import type { Clock } from "#core/clock";
import { hasCode, throwIfCancelled } from "#core/error";
import { type Reporter, reportStep } from "#core/report";

export type Outcome = "created" | "configured" | "unchanged";

export interface Applied {
  readonly object: string;
  readonly namespace?: string;
  readonly outcome: Outcome;
}

export interface InstallContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** How long each workload may take to become ready. */
  readonly timeoutMs: number;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Waits for the workloads among the objects, too. */
  readonly wait: boolean;
}

/**
 * Applies the objects in their order; what follows definitions of kinds waits until they are served.
 * Again: changes nothing and says so; after a kill half way: goes on.
 */
export async function applyObjects(
  objects: readonly KubeObject[],
  { fieldManager, wait }: ApplyOptions,
  context: InstallContext,
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  await reportStep(context.report, { step: "apply", title: "apply the objects" }, async () => {
    let awaited: string[] = [];
    for (const [index, object] of objects.entries()) {
      throwIfCancelled(context.signal);
      if (object.kind === "CustomResourceDefinition") awaited.push(object.metadata.name);
      else if (awaited.length > 0) {
        await waitForCrds(awaited, context);
        awaited = [];
      }
      applied.push(await applyOne(object, context.kube, fieldManager));
      context.report({
        type: "step-progress",
        step: "apply",
        done: index + 1,
        total: objects.length,
        unit: "items",
      });
    }
  });
  if (wait) await waitForRollouts(objects, context);
  return applied;
}

/** Applies one object and tells from its version whether that changed anything. */
async function applyOne(object: KubeObject, kube: Kube, fieldManager: string): Promise<Applied> {
  const resource = resourceOf(object);
  const name = nameOf(object);
  const before = await kube.get(resource, name).catch((error: unknown) => {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  });
  const after = await kube.apply(resource, object, fieldManager);
  return {
    object: referenceOf(object),
    ...(name.namespace === undefined ? {} : { namespace: name.namespace }),
    outcome: before === undefined ? "created" : changed(before, after) ? "configured" : "unchanged",
  };
}

/** Only the generation of a workload tells: its status may change between both reads. */
function changed(before: KubeObject, after: KubeObject): boolean {
  const { generation: was } = before.metadata;
  const { generation: is } = after.metadata;
  if (was !== undefined && is !== undefined && was !== is) return true;
  const labels = (object: KubeObject) =>
    JSON.stringify([object.metadata.labels ?? {}, object.metadata.annotations ?? {}]);
  if (was !== undefined) return labels(before) !== labels(after);
  return before.metadata.resourceVersion !== after.metadata.resourceVersion;
}
