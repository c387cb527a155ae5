import { ClouderError, hasCode, isClouderError, messageOf } from "#core/error";
import { namespaces, pods, type Pod } from "#kube/resources";
import { finalizers } from "#checkpoint/api/names";
import { checkpoints, type Checkpoint, type CheckpointStatus } from "#checkpoint/api/types";
import { checkpointPrefix, type Manifest } from "#checkpoint/archive/manifest";
import { failed } from "#checkpoint/api/failed-status";
import { checkpointPod } from "#checkpoint/engine/checkpoint-pod";
import { discardCheckpoint } from "#checkpoint/engine/discard-checkpoint";
import type { CheckpointJob } from "#checkpoint/engine/journal";
import {
  checkpointHints,
  planCheckpoint,
  requireSamePod,
} from "#checkpoint/engine/plan-checkpoint";
import { readManifest } from "#checkpoint/archive/catalog";
import { requireRoomForJob } from "#checkpoint/engine/room";
import type { Store } from "#checkpoint/stores/store";
import type { Agent } from "#checkpoint/agent/agent";
import {
  annotateLastCheckpoint,
  recordPodEvent,
  type PodReference,
} from "#checkpoint/agent/events";
import { completed } from "#checkpoint/agent/checkpoint-result";
import { errorFields } from "#checkpoint/agent/log";
import { createStatusWriter, type StatusWriter } from "#checkpoint/agent/status-writer";

/**
 * Does one Checkpoint of this node from wherever it stands, and writes its status. Never rejects; does
 * nothing more to the object once `signal` is aborted, which means that the object is being deleted.
 */
export async function runCheckpoint(
  agent: Agent,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  const name = { name: checkpoint.metadata.name, namespace: checkpoint.metadata.namespace ?? "" };
  const status = createStatusWriter(agent.kube, checkpoints, name, agent);
  const fields = { checkpoint: `${name.namespace}/${name.name}`, pod: checkpoint.spec.podName };
  const pod: PodReference = {
    namespace: name.namespace,
    name: checkpoint.spec.podName,
    uid: checkpoint.status?.podUID ?? checkpoint.spec.podUID ?? "",
  };
  agent.log("info", "checkpoint begun", fields);
  try {
    const store = await agent.openStore(storeName(checkpoint));
    try {
      const manifest = await work(agent, checkpoint, store, { status, signal });
      await status.now(completed(checkpoint, manifest, agent.clock.now()));
      await announce(agent, pod, manifest);
      agent.log("info", "checkpoint completed", fields);
    } finally {
      await store.close().catch(() => undefined);
    }
  } catch (error) {
    if (agent.stopping.aborted || signal.aborted) {
      agent.log("info", "checkpoint stopped", fields);
      return;
    }
    agent.log("warn", "checkpoint failed", { ...fields, ...errorFields(error) });
    const shown = expected(error);
    await status.now(failed(checkpoint, shown, "Completed", nowText(agent)));
    await recordPodEvent(
      agent,
      pod,
      { type: "Warning", reason: "CheckpointFailed", message: `${name.name}: ${shown.message}` },
      agent.clock.now(),
    );
  }
}

interface Work {
  readonly status: StatusWriter<CheckpointStatus>;
  readonly signal: AbortSignal;
}

async function work(
  agent: Agent,
  checkpoint: Checkpoint,
  store: Store,
  { status, signal }: Work,
): Promise<Manifest> {
  const { journal } = agent.checkpointing;
  const old = await journal.read(checkpoint.metadata.uid ?? "");
  if (old?.discard) {
    await discardCheckpoint(agent.checkpointing, old, store);
    throw interrupted();
  }
  if (!old && checkpoint.status?.phase !== "Scheduled") return storedMeanwhile(checkpoint, store);
  const job = old ? await resume(agent, checkpoint, old, store) : await begin(agent, checkpoint);
  const prefix = checkpointPrefix(job.source.namespace, job.source.pod, job.id);
  await status.now({
    phase: "Checkpointing",
    podUID: job.source.podUID,
    storeName: job.storeName,
    location: `${store.location.replace(/\/$/, "")}/${prefix}`,
    hints: job.hints,
    startTime: job.createdAt,
  });
  const stop = AbortSignal.any([signal, agent.stopping]);
  return checkpointPod(agent.checkpointing, {
    job,
    store,
    signal: stop,
    suspended: () => agent.stopping.aborted && !signal.aborted,
    onPhase: (phase) => {
      void status.now({ phase });
    },
    onProgress: (progress) => {
      status.soon({ progress });
    },
  });
}

type Prepared = CheckpointJob & { readonly hints: readonly string[] };

async function begin(agent: Agent, checkpoint: Checkpoint): Promise<Prepared> {
  await keepStoredData(agent, checkpoint);
  const pod = await readPod(agent, checkpoint.metadata.namespace ?? "", checkpoint.spec.podName);
  const cluster = await agent.kube.get(namespaces, { name: "kube-system" });
  const job = planCheckpoint(checkpoint, pod, {
    nodeName: agent.nodeName,
    clusterUID: cluster.metadata.uid ?? "",
    storeName: storeName(checkpoint),
    now: nowText(agent),
  });
  const { folders } = agent.checkpointing;
  await requireRoomForJob(
    { cgroups: agent.cgroups, archives: folders.archives.here, spool: folders.spool },
    pod,
    job,
  );
  return { ...job, hints: checkpointHints(job, pod) };
}

/** Goes on with a job of an agent that died; a container that has yet to be dumped must still be there. */
async function resume(
  agent: Agent,
  checkpoint: Checkpoint,
  job: CheckpointJob,
  store: Store,
): Promise<Prepared> {
  agent.log("info", "going on with a checkpoint of an earlier agent", { checkpoint: job.id });
  const prefix = checkpointPrefix(job.source.namespace, job.source.pod, job.id);
  const hints = new Set([
    ...(checkpoint.status?.hints ?? []),
    "the node's agent was restarted meanwhile",
  ]);
  try {
    if (job.containers.some(({ archive, stored }) => archive === undefined && !stored)) {
      requireSamePod(job, await readPod(agent, job.source.namespace, job.source.pod));
    }
    await store.removeUnfinished(prefix).catch(() => 0);
    return { ...job, hints: [...hints] };
  } catch (error) {
    await discardCheckpoint(agent.checkpointing, job, store);
    throw error;
  }
}

async function readPod(agent: Agent, namespace: string, name: string): Promise<Pod> {
  try {
    return await agent.kube.get(pods, { namespace, name });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `pod ${namespace}/${name} does not exist any more`, {
      cause: error,
      hint: "it ended before it could be checkpointed",
    });
  }
}

/** Without a journal the job is over: either the manifest was written, or all of it is lost. */
async function storedMeanwhile(checkpoint: Checkpoint, store: Store): Promise<Manifest> {
  try {
    const { name, namespace = "" } = checkpoint.metadata;
    return await readManifest(store, namespace, checkpoint.spec.podName, name);
  } catch (error) {
    if (hasCode(error, "not-found")) throw interrupted();
    throw error;
  }
}

function interrupted(): ClouderError {
  return new ClouderError("cancelled", "the node's agent was interrupted and could not go on", {
    hint: "make a new checkpoint",
  });
}

/** Stored data must go before the object does. */
async function keepStoredData(agent: Agent, checkpoint: Checkpoint): Promise<void> {
  const { name, namespace = "", finalizers: present = [] } = checkpoint.metadata;
  if (present.includes(finalizers.storedData)) return;
  const metadata = { finalizers: [...present, finalizers.storedData] };
  await agent.kube.patch(checkpoints, { name, namespace }, { metadata });
}

async function announce(agent: Agent, pod: PodReference, manifest: Manifest): Promise<void> {
  const seen = { ...pod, uid: manifest.source.podUID };
  const frozen = Math.max(0, ...manifest.containers.map((one) => one.frozenMilliseconds ?? 0));
  // The plain way stops them for longer than CRIU itself, by how much only the runtime knows.
  const least = manifest.containers.some(({ way }) => way === "plain") ? "at least " : "";
  const message = `checkpoint ${manifest.id} is stored; the processes stood still for ${least}${Math.round(frozen)} ms`;
  const event = { type: "Normal", reason: "Checkpointed", message } as const;
  await recordPodEvent(agent, seen, event, agent.clock.now());
  await annotateLastCheckpoint(agent, seen, manifest.id, manifest.completedAt);
}

function storeName(checkpoint: Checkpoint): string {
  return checkpoint.status?.storeName ?? checkpoint.spec.storeName ?? "default";
}

function nowText(agent: Agent): string {
  return new Date(agent.clock.now()).toISOString();
}

/** What people are shown of a bug of ours is its text, under the code for bugs. */
export function expected(error: unknown): ClouderError {
  if (isClouderError(error)) return error;
  return new ClouderError("internal", messageOf(error), {
    cause: error,
    hint: "this is a bug: please report it with the agent's log",
  });
}
