import { volumeHints } from "#checkpoint/engine/volume-hints";
import { ClouderError } from "#core/error";
import type { Container, ContainerStatus, Pod } from "#kube/objects";
import { runtimeClassName } from "#checkpoint/api/names";
import type { Checkpoint } from "#checkpoint/api/types";
import type { CheckpointJob, ContainerJob } from "#checkpoint/engine/journal";
import { recordTemplate } from "#checkpoint/engine/pod-template";

export interface PlanContext {
  readonly nodeName: string;
  readonly clusterUID: string;
  readonly storeName: string;
  /** RFC 3339. */
  readonly now: string;
}

/** The job for one Checkpoint of this running pod; throws when it cannot be checkpointed. */
export function planCheckpoint(
  checkpoint: Checkpoint,
  pod: Pod,
  context: PlanContext,
): CheckpointJob {
  requireRunning(checkpoint, pod, context.nodeName);
  const way = pod.spec.runtimeClassName === runtimeClassName ? "handler" : "plain";
  const containers = chosenContainers(checkpoint, pod).map((container): ContainerJob => {
    const status = requireRunningContainer(pod, container);
    return {
      name: container.name,
      containerID: containerIDOf(status),
      image: container.image ?? status.image ?? "",
      imageID: status.imageID ?? "",
      way,
      callTimes: [],
    };
  });
  const serviceAccountName = pod.spec.serviceAccountName;
  return {
    uid: checkpoint.metadata.uid ?? "",
    id: checkpoint.metadata.name,
    storeName: context.storeName,
    createdAt: context.now,
    source: {
      clusterUID: context.clusterUID,
      namespace: pod.metadata.namespace ?? "",
      pod: pod.metadata.name,
      podUID: pod.metadata.uid ?? "",
      nodeName: context.nodeName,
      podIPs: podIPs(pod),
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    },
    template: recordTemplate(pod),
    containers,
  };
}

/** Throws unless `pod` still runs the very containers that `job` has yet to dump. */
export function requireSamePod(job: CheckpointJob, pod: Pod): void {
  for (const container of job.containers) {
    if (container.archive !== undefined || container.stored !== undefined) continue;
    const status = allStatuses(pod).find((candidate) => candidate.name === container.name);
    const same =
      pod.metadata.uid === job.source.podUID &&
      status?.state?.running !== undefined &&
      containerIDOf(status) === container.containerID;
    if (!same) {
      throw new ClouderError(
        "conflict",
        `container ${container.name} of pod ${job.source.namespace}/${job.source.pod} has been replaced since the checkpoint began`,
        { hint: "make a new checkpoint" },
      );
    }
  }
}

/** What the user should know beforehand; nothing here stops the checkpoint. */
export function checkpointHints(job: CheckpointJob, pod: Pod): readonly string[] {
  const hints: string[] = [];
  if (job.containers.length > 1) {
    hints.push("the containers are captured one after the other, not at one instant");
  }
  if (job.containers.some((container) => container.way === "plain")) {
    hints.push(
      `the pod does not use runtimeClassName ${runtimeClassName}: it stands still longer and its memory is written several times`,
    );
  }
  const left = longRunning(pod).filter(
    (container) => !job.containers.some((chosen) => chosen.name === container.name),
  );
  if (left.length > 0) {
    hints.push(`not captured, will start afresh: ${left.map(({ name }) => name).join(", ")}`);
  }
  hints.push(...volumeHints(pod.spec));
  return hints;
}

/** Containers that run for the pod's whole life: plain ones and restartable init containers. */
export function longRunning(pod: Pick<Pod, "spec">): readonly Container[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (container) => container["restartPolicy"] === "Always",
  );
  return [...sidecars, ...pod.spec.containers];
}

function requireRunning(checkpoint: Checkpoint, pod: Pod, nodeName: string): void {
  const name = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
  const wanted = checkpoint.spec.podUID;
  if (wanted !== undefined && wanted !== pod.metadata.uid) {
    throw new ClouderError("conflict", `pod ${name} is a namesake of the one asked for`, {
      hint: "the pod was replaced meanwhile; make a new checkpoint",
    });
  }
  if (pod.spec.nodeName !== nodeName) {
    throw new ClouderError(
      "conflict",
      `pod ${name} runs on node ${pod.spec.nodeName ?? "(none)"}, not on ${nodeName}`,
      { hint: "make a new checkpoint" },
    );
  }
  const phase = pod.metadata.deletionTimestamp === undefined ? pod.status?.phase : "Terminating";
  if (phase !== "Running") {
    throw new ClouderError("refused", `pod ${name} is ${phase ?? "Unknown"}, not Running`, {
      hint: "only running pods can be checkpointed: kubectl get pod -w",
    });
  }
}

function chosenContainers(checkpoint: Checkpoint, pod: Pod): readonly Container[] {
  const known = [...longRunning(pod), ...(pod.spec.ephemeralContainers ?? [])];
  const wanted = checkpoint.spec.containers;
  if (wanted === undefined || wanted.length === 0) return longRunning(pod);
  return [...new Set(wanted)].map((name) => {
    const found = known.find((container) => container.name === name);
    if (found) return found;
    throw new ClouderError("not-found", `pod ${pod.metadata.name} has no container "${name}"`, {
      hint: `its containers are: ${known.map((container) => container.name).join(", ")}`,
    });
  });
}

function requireRunningContainer(pod: Pod, container: Container): ContainerStatus {
  const status = allStatuses(pod).find((candidate) => candidate.name === container.name);
  if (status?.state?.running !== undefined && status.containerID !== undefined) return status;
  const state = status?.state?.terminated
    ? "has ended"
    : `is waiting (${status?.state?.waiting?.reason ?? "not started"})`;
  throw new ClouderError("refused", `container ${container.name} ${state}`, {
    hint: "wait until it runs, or name the running containers with -c",
  });
}

function allStatuses(pod: Pod): readonly ContainerStatus[] {
  const ephemeral = (pod.status as { ephemeralContainerStatuses?: readonly ContainerStatus[] })
    .ephemeralContainerStatuses;
  return [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
    ...(ephemeral ?? []),
  ];
}

/** `containerd://ID` without the scheme. */
export function containerIDOf(status: ContainerStatus): string {
  return (status.containerID ?? "").replace(/^[a-z-]+:\/\//, "");
}

function podIPs(pod: Pod): readonly string[] {
  const all = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  if (all.length > 0) return all;
  return pod.status?.podIP === undefined ? [] : [pod.status.podIP];
}
