import type { Container, Pod } from "#kube/objects";
import type {
  Checkpoint,
  CheckpointStatus,
  CheckpointStore,
  NodeFacts,
} from "#checkpoint/api/types";
import { withCondition } from "#kube/conditions";
import { failed, observed } from "#checkpoint/api/failed-status";
import { factsAgeMs, staleAfterMs } from "#checkpoint/api/node-facts";
import { compatibilityOf } from "#checkpoint/compatibility/rule";
import { placementOf } from "#checkpoint/controller/placement";
import { ClouderError, isClouderError } from "#core/error";

export interface CheckpointSurroundings {
  /** Undefined: there is no pod of that name. */
  readonly pod: Pod | undefined;
  readonly stores: readonly CheckpointStore[];
  /** Facts by node name. */
  readonly facts: ReadonlyMap<string, NodeFacts>;
  readonly now: number;
}

/** The status that gives a new Checkpoint to its pod's node, or says why that cannot be. */
export function assignCheckpoint(
  checkpoint: Checkpoint,
  around: CheckpointSurroundings,
): CheckpointStatus {
  const now = new Date(around.now).toISOString();
  try {
    const pod = checkPod(checkpoint, around.pod);
    checkContainers(checkpoint, pod);
    const facts = checkNode(pod, around);
    const store = chooseStore(checkpoint.spec.storeName, around.stores);
    return {
      phase: "Scheduled",
      ...observed(checkpoint),
      nodeName: facts.nodeName,
      podUID: pod.metadata.uid ?? "",
      storeName: store.metadata.name,
      startTime: now,
      compatibility: compatibilityOf(facts),
      placement: placementOf(pod),
      conditions: withCondition(
        checkpoint.status?.conditions,
        {
          type: "Scheduled",
          status: "True",
          reason: "PodFound",
          message: `the agent on node ${facts.nodeName} does it`,
          ...observed(checkpoint),
        },
        now,
      ),
    };
  } catch (error) {
    if (!isClouderError(error)) throw error;
    return failed(checkpoint, error, "Scheduled", now);
  }
}

function checkPod(checkpoint: Checkpoint, pod: Pod | undefined): Pod {
  const { podName, podUID } = checkpoint.spec;
  const namespace = checkpoint.metadata.namespace ?? "default";
  if (!pod) {
    throw new ClouderError("not-found", `pod "${podName}" does not exist in "${namespace}"`, {
      hint: `see which pods there are: kubectl get pods -n ${namespace}`,
    });
  }
  if (podUID !== undefined && podUID !== pod.metadata.uid) {
    throw new ClouderError(
      "conflict",
      `pod "${podName}" is another one (UID ${pod.metadata.uid ?? "?"}) than the one that was asked for (UID ${podUID})`,
      { hint: "it was made anew meanwhile: ask again for a checkpoint of the new one" },
    );
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw new ClouderError("refused", `pod "${podName}" is being deleted`, {
      hint: "ask for the checkpoint before the pod is deleted",
    });
  }
  if (pod.status?.phase !== "Running" || !pod.spec.nodeName) {
    throw new ClouderError(
      "refused",
      `pod "${podName}" is ${pod.status?.phase ?? "not started yet"}, only a running pod can be checkpointed`,
      { hint: `see what it waits for: kubectl describe pod ${podName} -n ${namespace}` },
    );
  }
  return pod;
}

function checkContainers(checkpoint: Checkpoint, pod: Pod): void {
  const known: readonly Container[] = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter((init) => init["restartPolicy"] === "Always"),
  ];
  const names = known.map((container) => container.name);
  const unknown = checkpoint.spec.containers?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ClouderError(
      "not-found",
      `pod "${pod.metadata.name}" has no container "${unknown}" that runs on`,
      { hint: `use one of: ${names.join(", ")}` },
    );
  }
  for (const name of checkpoint.spec.containers ?? pod.spec.containers.map((one) => one.name)) {
    const why = whyNotRunning(pod, name);
    if (why === undefined) continue;
    throw new ClouderError("refused", `container "${name}" is not running: ${why}`, {
      hint: "wait until it runs, or name the containers that do with -c",
    });
  }
}

function whyNotRunning({ status = {} }: Pod, name: string): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = status;
  const found = [...containerStatuses, ...initContainerStatuses].find((one) => one.name === name);
  const { running, waiting, terminated } = found?.state ?? {};
  if (running) return undefined;
  return (waiting ?? terminated)?.reason ?? "it has not started yet";
}

function checkNode(pod: Pod, around: CheckpointSurroundings): NodeFacts {
  const nodeName = pod.spec.nodeName ?? "";
  const facts = around.facts.get(nodeName);
  if (facts && factsAgeMs(facts, around.now) <= staleAfterMs) return facts;
  throw new ClouderError(
    "unreachable",
    facts
      ? `the agent on node ${nodeName} has been silent since ${facts.observedAt}`
      : `no agent runs on node ${nodeName}`,
    { hint: `kubectl clouder doctor --node ${nodeName}` },
  );
}

function chooseStore(
  name: string | undefined,
  stores: readonly CheckpointStore[],
): CheckpointStore {
  const names = stores.map((store) => store.metadata.name).join(", ");
  if (name !== undefined) {
    const named = stores.find((store) => store.metadata.name === name);
    if (named) return named;
    throw new ClouderError("not-found", `there is no CheckpointStore "${name}"`, {
      hint: names === "" ? "kubectl clouder store create" : `use one of: ${names}`,
    });
  }
  const defaults = stores.filter((store) => store.spec.default === true);
  const candidates = defaults.length > 0 ? defaults : stores;
  const [only, ...others] = candidates;
  if (only && others.length === 0) return only;
  if (only) {
    const which = defaults.length > 0 ? "more than one default" : "no default";
    throw new ClouderError("config", `there is ${which} among the CheckpointStores ${names}`, {
      hint: "name one with --store, or set spec.default: true on exactly one",
    });
  }
  throw new ClouderError("config", "there is no CheckpointStore yet", {
    hint: "make one: kubectl clouder store create NAME s3://BUCKET/PREFIX --default",
  });
}
