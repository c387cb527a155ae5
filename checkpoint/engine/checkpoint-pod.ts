import { stat } from "node:fs/promises";
import type { Clock } from "#core/clock";
import { ClouderError, throwIfCancelled } from "#core/error";
import type {
  WriteContainerOptions,
  WrittenContainer,
} from "#checkpoint/archive/container-archive";
import { writeManifest } from "#checkpoint/archive/catalog";
import type { Manifest } from "#checkpoint/archive/manifest";
import type { Compatibility, Progress } from "#checkpoint/api/types";
import { captureContainer, type Remember } from "#checkpoint/engine/capture-container";
import { discardCheckpoint } from "#checkpoint/engine/discard-checkpoint";
import type { CheckpointJob, ContainerJob, Journal } from "#checkpoint/engine/journal";
import type { KubeletCheckpoint } from "#checkpoint/engine/kubelet";
import { openSpool } from "#checkpoint/engine/spool";
import { archiveHere, storeContainer, storePatiently } from "#checkpoint/engine/store-container";
import type { Store } from "#checkpoint/stores/store";

/** Where things lie on this node. */
export interface CheckpointFolders {
  /** The kubelet's archives: as the kubelet names the folder, and as this process sees it. */
  readonly archives: { readonly onNode: string; readonly here: string };
  readonly spool: string;
}

/** What the job of a checkpoint works with; all of it outlives the job. */
export interface CheckpointEnvironment {
  /** Serial per container. */
  readonly kubelet: KubeletCheckpoint;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly folders: CheckpointFolders;
  readonly callTimeoutSeconds: number;
  /** For how long an upload is tried again while the store does not answer. */
  readonly storePatienceMs: number;
  /** One upload at a time keeps the memory small; each is parallel in itself. */
  readonly uploadGate: <T>(work: () => Promise<T>) => Promise<T>;
  readonly writeArchive: (options: WriteContainerOptions) => Promise<WrittenContainer>;
  readonly compatibility: () => Promise<Compatibility>;
  readonly readCriuLog: (log: string) => {
    readonly lines: readonly string[];
    readonly hint?: string | undefined;
  };
}

export interface CheckpointRun {
  readonly job: CheckpointJob;
  readonly store: Store;
  readonly onPhase: (phase: "Checkpointing" | "Uploading") => void;
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
  /** True while the agent is being shut down: an aborted job is then left for the next agent to go on with. */
  readonly suspended?: () => boolean;
}

/**
 * Dumps the job's containers one after the other, stores them and, last, the manifest. Goes on where a
 * journalled job has stopped. When it fails or is cancelled nothing is left on the node nor listed in
 * the store; what the store does not let go now stays in the journal as a job to discard.
 */
export async function checkpointPod(
  environment: CheckpointEnvironment,
  run: CheckpointRun,
): Promise<Manifest> {
  let job = run.job;
  const remember: Remember = async (change) => {
    const containers = job.containers.map((container) =>
      container.name === change.name ? { ...container, ...change } : container,
    );
    job = { ...job, containers };
    await environment.journal.write(job);
  };
  try {
    await environment.journal.write(job);
    run.onPhase("Checkpointing");
    for (const { name } of job.containers) {
      await captureContainer(environment, job, find(job, name), remember, run.signal);
    }
    throwIfCancelled(run.signal);
    run.onPhase("Uploading");
    await uploadAll(environment, run, () => job, remember);
    const manifest = await commit(environment, job, run);
    await environment.journal.remove(job.uid);
    return manifest;
  } catch (error) {
    if (!run.suspended?.()) await discardCheckpoint(environment, job, run.store);
    throw error;
  }
}

async function uploadAll(
  environment: CheckpointEnvironment,
  run: CheckpointRun,
  current: () => CheckpointJob,
  remember: Remember,
): Promise<void> {
  const done = new Map<string, number>();
  const sizes = await Promise.all(current().containers.map((one) => rawSize(environment, one)));
  const totalBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const stop = new AbortController();
  const signal = run.signal ? AbortSignal.any([run.signal, stop.signal]) : stop.signal;
  const uploads = current().containers.map(({ name }) =>
    environment.uploadGate(() =>
      storeContainer(environment, {
        job: current(),
        container: find(current(), name),
        store: run.store,
        remember,
        signal,
        onProgress: (bytes) => {
          done.set(name, bytes);
          const doneBytes = [...done.values()].reduce((sum, one) => sum + one, 0);
          run.onProgress({ doneBytes, totalBytes: Math.max(totalBytes, doneBytes) });
        },
      }),
    ),
  );
  // The first failure ends the others, and all of them are over before anything is cleaned up.
  const watched = uploads.map((upload) =>
    upload.catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(watched);
  throwIfCancelled(run.signal);
  const first = results.find((result) => result.status === "rejected");
  if (first) throw stop.signal.aborted ? stop.signal.reason : first.reason;
}

/** The archive's size once the spooled pages are back in it. */
async function rawSize(
  environment: CheckpointEnvironment,
  container: ContainerJob,
): Promise<number> {
  if (container.stored !== undefined) return container.stored.rawBytes;
  if (container.archive === undefined) return 0;
  const spool = openSpool(environment.folders.spool, container.containerID);
  const files = [archiveHere(environment, container.archive), ...(await spool.pages()).values()];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function commit(
  environment: CheckpointEnvironment,
  job: CheckpointJob,
  run: CheckpointRun,
): Promise<Manifest> {
  const manifest: Manifest = {
    format: 1,
    id: job.id,
    createdAt: job.createdAt,
    completedAt: new Date(environment.clock.now()).toISOString(),
    source: job.source,
    template: job.template,
    compatibility: await environment.compatibility(),
    containers: job.containers.map(({ name, stored }) => {
      if (stored) return stored;
      throw new ClouderError("internal", `container ${name} was not stored`);
    }),
  };
  await storePatiently(environment, run.signal, () =>
    writeManifest(run.store, manifest, run.signal),
  );
  return manifest;
}

function find(job: CheckpointJob, name: string): ContainerJob {
  const found = job.containers.find((container) => container.name === name);
  if (!found) throw new ClouderError("internal", `no container ${name} in the job`);
  return found;
}
