import type { Kube } from "#kube/kube";
import { secrets } from "#kube/resources";
import { systemNamespace } from "#checkpoint/api/names";
import {
  type Checkpoint,
  checkpoints,
  checkpointStores,
  type Restore,
  restores,
} from "#checkpoint/api/types";
import { nameOf, referenceOf } from "#kube/install/kinds";
import { removeObjects } from "#kube/install/remove-objects";
import type { Removed } from "#kube/install/remove-objects";
import { dataObjects, programObjects } from "#checkpoint/install/objects";
import { installSettings } from "#checkpoint/install/settings";
import type { Clock } from "#core/clock";
import { hasCode } from "#core/error";
import { type Reporter, reportStep } from "#core/report";
import { waitFor } from "#core/retry";

export interface UninstallContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/**
 * Removes agent, controller, roles and RuntimeClass; Checkpoints, stores and the credentials of stores
 * stay. With `purge` the checkpoints go first, stored data included, while agents can still do that;
 * then the kinds and the namespace.
 */
export async function uninstall(
  options: { readonly purge: boolean },
  context: UninstallContext,
): Promise<readonly Removed[]> {
  const { report } = context;
  if (options.purge) {
    await reportStep(report, { step: "purge", title: "delete the checkpoints" }, () =>
      purgeCheckpoints(context),
    );
  }
  const programs = programObjects(installSettings({ image: "any", preemption: true }));
  const removed = await reportStep(report, { step: "remove", title: "remove the programs" }, () =>
    removeObjects([...programs].reverse(), context.kube),
  );
  const data = dataObjects();
  const namespace = data.filter(({ kind }) => kind === "Namespace");
  const kinds = data.filter(({ kind }) => kind !== "Namespace");
  if (options.purge)
    return [...removed, ...(await removeObjects([...kinds, ...namespace], context.kube))];
  const kept: readonly Removed[] = kinds.map((object) => ({
    object: referenceOf(object),
    outcome: "kept",
    reason: "holds checkpoints and stores",
  }));
  const credentials = await context.kube.list(secrets, { namespace: systemNamespace });
  return [
    ...removed,
    ...kept,
    ...(credentials.length === 0
      ? await removeObjects(namespace, context.kube)
      : namespace.map((object): Removed => {
          const reason = `holds ${credentials.length} Secrets, such as credentials of stores`;
          return { object: referenceOf(object), outcome: "kept", reason };
        })),
  ];
}

/** How much a purge would destroy, for the question before it. */
export async function countCheckpoints(kube: Kube): Promise<number> {
  return (await listOrNone(() => kube.list(checkpoints))).length;
}

async function purgeCheckpoints(context: UninstallContext): Promise<void> {
  const { kube, clock, signal, timeoutMs } = context;
  for (const restore of await listOrNone<Restore>(() => kube.list(restores))) {
    await kube.remove(restores, nameOf(restore));
  }
  const all = await listOrNone<Checkpoint>(() => kube.list(checkpoints));
  for (const checkpoint of all) await kube.remove(checkpoints, nameOf(checkpoint));
  const what = "the deletion of all stored checkpoints";
  const hint =
    "its agents must run and reach the stores: kubectl clouder doctor; without --purge everything is kept";
  await waitFor(what, { timeoutMs, everyMs: 1_000, clock, signal, hint }, async () => {
    const left = await listOrNone<Checkpoint>(() => kube.list(checkpoints));
    context.report({
      type: "step-progress",
      step: "purge",
      done: all.length - left.length,
      total: all.length,
      unit: "items",
    });
    return left.length === 0 ? true : undefined;
  });
  for (const store of await listOrNone(() => kube.list(checkpointStores))) {
    await kube.remove(checkpointStores, nameOf(store));
  }
}

/** The kind may be gone already: then there is none of it. */
async function listOrNone<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list();
  } catch (error) {
    if (hasCode(error, "not-found")) return [];
    throw error;
  }
}
