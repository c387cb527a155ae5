import type { Restored } from "#checkpoint/engine/request-restore";
import type { Result } from "#plugin/output/result";
import { duration } from "#plugin/output/units";

/** The end of `restore pod`. */
export function restoredPod({ checkpoint, restore, pod }: Restored, dryRun: boolean): Result {
  const { name, namespace = "" } = pod.metadata;
  const { status = {} } = restore;
  const names = [`pod/${name}`];
  if (dryRun) {
    const text = `pod ${name} would go on in namespace ${namespace} on node ${status.nodeName ?? "?"} from checkpoint ${checkpoint.metadata.name}; see the pod with -o yaml`;
    return { object: pod, text, names };
  }
  const begun = status.phase === "Completed" ? "goes on" : "is being restored";
  const took = timeOf(status);
  const text = `pod ${name} ${begun} in namespace ${namespace} on node ${status.nodeName ?? "?"} from checkpoint ${checkpoint.metadata.name}${took}`;
  return { object: { pod, restore }, text, names };
}

function timeOf(status: NonNullable<Restored["restore"]["status"]>): string {
  const times = (status.containers ?? []).flatMap((one) => one.restoreMilliseconds ?? []);
  return times.length === 0 ? "" : `; processes restored in ${duration(Math.max(...times)) ?? ""}`;
}
