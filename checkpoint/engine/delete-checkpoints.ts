import { checkpoints } from "#checkpoint/api/types";
import { checkpointById } from "#checkpoint/engine/find-checkpoint";
import { followObject, warnWhenIdle, type Following } from "#checkpoint/engine/follow-object";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";

export interface Deletion {
  readonly ids: readonly string[];
  readonly namespace: string;
  /** Until the stored objects are gone, too. */
  readonly wait: boolean;
  readonly confirm: (question: string) => Promise<boolean>;
}

/** Deletes Checkpoints; an agent removes the stored objects before they vanish. Gives the ids. */
export async function deleteCheckpoints(
  { ids, namespace, wait, confirm }: Deletion,
  following: Following,
): Promise<readonly string[]> {
  const { kube, report } = following;
  // A wrong id is told before anything is deleted.
  const found = await Promise.all(ids.map((id) => checkpointById(kube, id, namespace)));
  const many =
    found.length === 1 ? `checkpoint ${ids[0] ?? ""}` : `${String(found.length)} checkpoints`;
  if (!(await confirm(`Delete ${many} and what the store keeps of it?`))) {
    throw new ClouderError("cancelled", "nothing was deleted");
  }
  for (const { metadata } of found) {
    const { name, uid = "" } = metadata;
    await kube.remove(checkpoints, { name, namespace }, { uid });
    if (!wait) continue;
    const title = `deleting checkpoint ${name}`;
    await reportStep(report, { step: "delete", title }, () =>
      untilGone({ name, namespace }, following),
    );
  }
  return found.map(({ metadata }) => metadata.name);
}

async function untilGone(
  name: { readonly name: string; readonly namespace: string },
  following: Following,
): Promise<void> {
  const idle = warnWhenIdle(
    following,
    `still there: an agent has to remove the stored objects of ${name.name} first; kubectl clouder doctor`,
    20_000,
  );
  try {
    await followObject(checkpoints, name, following, () => undefined);
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
  } finally {
    idle.stop();
  }
}
