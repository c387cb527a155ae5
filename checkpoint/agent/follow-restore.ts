import { ClouderError, errorCodes, type ErrorCode } from "#core/error";
import type { ContainerStatus, Pod } from "#kube/resources";
import type { Restore, RestoreStatus, StatusError } from "#checkpoint/api/types";
import type { ContainerState } from "#checkpoint/handler/container-state";
import { isOtherImage } from "#checkpoint/engine/pinned-images";
import type { RestoreRecord } from "#checkpoint/handler/record";
import type { Agent } from "#checkpoint/agent/agent";
import { restoreFolderOf } from "#checkpoint/agent/restore-folder";
import type { RestoredPods } from "#checkpoint/agent/restored-pods";

export interface RestoreOutcome {
  readonly podUID: string;
  readonly containers: NonNullable<RestoreStatus["containers"]>;
}

const everyMs = 250;

/** Watches the pod of a staged Restore until all its containers go on; rejects when one does not. */
export async function followRestore(
  agent: Agent,
  restore: Restore,
  pods: RestoredPods,
  options: {
    readonly signal: AbortSignal;
    readonly onRestoring: (podUID: string) => Promise<void>;
  },
): Promise<RestoreOutcome> {
  const { uid = "" } = restore.metadata;
  const folder = restoreFolderOf(agent.staging.restores, uid);
  const record = (await folder.record()) ?? lostRecord();
  await pods.listed;
  let seen = restore.status?.phase === "Restoring";
  for (;;) {
    const states = await folder.states(record.containers);
    refuseFailure(states);
    const pod = pods.get(uid);
    if (pod && !seen) {
      seen = true;
      await options.onRestoring(uidOf(pod));
    }
    if (seen && !pod) throw podGone(restore);
    if (pod && allGoOn(record, states, pod)) {
      return { podUID: uidOf(pod), containers: outcomeOf(states) };
    }
    refuseExpired(agent, record, states, restore);
    await agent.clock.sleep(everyMs, options.signal);
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}

function lostRecord(): never {
  throw new ClouderError("cancelled", "the staged data was lost while the node's agent was away", {
    hint: "the checkpoint is intact: restore it again",
  });
}

function refuseFailure(states: ReadonlyMap<string, ContainerState>): void {
  for (const [name, state] of states) {
    if (state.state !== "failed") continue;
    throw errorOf(name, state.error);
  }
}

/** The helper's error, as it left it in the container's state. */
function errorOf(container: string, error: StatusError | undefined): ClouderError {
  const code = errorCodes.find((known): known is ErrorCode => known === error?.code) ?? "criu";
  return new ClouderError(
    code,
    `container ${container}: ${error?.message ?? "the restore failed for an unknown reason"}`,
    {
      ...(error?.hint === undefined ? {} : { hint: error.hint }),
      details: { container, ...(error?.logLines ? { logLines: error.logLines } : {}) },
    },
  );
}

function allGoOn(
  record: RestoreRecord,
  states: ReadonlyMap<string, ContainerState>,
  pod: Pod,
): boolean {
  return record.containers.every((name) => {
    const state = states.get(name);
    const status = statusOf(pod, name);
    if (state?.state !== "restored" || !status) return false;
    if (isOtherImage(record.images?.[name], status.imageID)) throw otherImage(name, record, status);
    const ended = endOf(status, state.containerID);
    if (ended !== undefined && ended.exitCode !== 0) {
      throw new ClouderError(
        "criu",
        `container ${name} was restored but ended at once with exit code ${ended.exitCode}`,
        { hint: `look at its last words: kubectl logs ${pod.metadata.name} -c ${name} --previous` },
      );
    }
    return ended !== undefined || status.state?.running !== undefined;
  });
}

function statusOf({ status = {} }: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = status;
  return [...containerStatuses, ...initContainerStatuses].find((one) => one.name === name);
}

function otherImage(name: string, record: RestoreRecord, status: ContainerStatus): ClouderError {
  return new ClouderError(
    "refused",
    `container ${name} was checkpointed from image ${record.images?.[name] ?? ""}, but ${status.image ?? "its name"} is ${status.imageID ?? ""} on this node`,
    {
      hint: "load the same image on all nodes, or use a registry, where images are told by digest",
    },
  );
}

/** How the restored container itself, not a successor, has ended. */
function endOf(
  status: ContainerStatus,
  containerID: string,
): { readonly exitCode: number } | undefined {
  const ends = [status.state?.terminated, status.lastState?.terminated] as readonly (
    { readonly exitCode: number; readonly containerID?: string } | undefined
  )[];
  return ends.find((end) => end?.containerID?.endsWith(containerID) ?? false);
}

function outcomeOf(states: ReadonlyMap<string, ContainerState>): RestoreOutcome["containers"] {
  return [...states].map(([name, { restoreMilliseconds }]) => ({
    name,
    ...(restoreMilliseconds === undefined ? {} : { restoreMilliseconds }),
  }));
}

function podGone(restore: Restore): ClouderError {
  return new ClouderError("cancelled", `pod ${restore.spec.podName} was deleted meanwhile`, {
    hint: "the checkpoint is intact: restore it again",
  });
}

function refuseExpired(
  agent: Agent,
  record: RestoreRecord,
  states: ReadonlyMap<string, ContainerState>,
  restore: Restore,
): void {
  if (states.size > 0 || agent.clock.now() < Date.parse(record.expiresAt)) return;
  throw new ClouderError(
    "timeout",
    `pod ${restore.spec.podName} did not start before the staged data expired`,
    { hint: `see why: kubectl describe pod ${restore.spec.podName}; then restore again` },
  );
}
