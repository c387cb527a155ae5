import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { isClouderError } from "#core/error";
import { checkpointPrefix, type ContainerRecord } from "#checkpoint/archive/manifest";
import { bytesWritten, type Remember } from "#checkpoint/engine/capture-container";
import type { CheckpointEnvironment } from "#checkpoint/engine/checkpoint-pod";
import type { CheckpointJob, ContainerJob } from "#checkpoint/engine/journal";
import { acceptArchive } from "#checkpoint/engine/node-archive";
import { openSpool } from "#checkpoint/engine/spool";
import type { Store } from "#checkpoint/stores/store";

export interface StoreContainer {
  readonly job: CheckpointJob;
  readonly container: ContainerJob;
  readonly store: Store;
  readonly remember: Remember;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

/** Where this process sees the archive that the kubelet has named. */
export function archiveHere(
  environment: Pick<CheckpointEnvironment, "folders">,
  archive: string,
): string {
  return join(environment.folders.archives.here, basename(archive));
}

/**
 * Uploads one dumped container, unless that is done already, has the store confirm it, and only then
 * removes the node's copy and its spool.
 */
export async function storeContainer(
  environment: CheckpointEnvironment,
  options: StoreContainer,
): Promise<void> {
  const { job, container, store, signal } = options;
  const spool = openSpool(environment.folders.spool, container.containerID);
  if (container.stored !== undefined) {
    await removeNodeCopy(environment, container);
    options.onProgress(container.stored.rawBytes);
    return;
  }
  const target = { ...job.source, container: container.name };
  const { path } = await acceptArchive(
    environment.folders.archives,
    target,
    container.archive ?? "",
  );
  const nodeBytesWritten = await bytesWritten(path, spool);
  const prefix = checkpointPrefix(job.source.namespace, job.source.pod, job.id);
  const spooled = (await spool.pages()).size > 0;
  // Returns when the store has confirmed sizes and checksums.
  const written = await storePatiently(environment, signal, () =>
    environment.writeArchive({
      source: path,
      ...(spooled ? { spool: spool.folder } : {}),
      store,
      prefix,
      containerName: container.name,
      signal,
      onProgress: (doneBytes) => {
        options.onProgress(doneBytes);
      },
    }),
  );
  const { dump, ...sizes } = written;
  const criu = dump?.frozenMilliseconds;
  const frozen = container.frozenMilliseconds ?? criu;
  const stored: ContainerRecord = {
    name: container.name,
    image: container.image,
    imageID: container.imageID,
    way: container.way,
    callMilliseconds: container.callMilliseconds ?? 0,
    ...(frozen === undefined ? {} : { frozenMilliseconds: frozen }),
    ...(criu === undefined ? {} : { criuFrozenMilliseconds: criu }),
    nodeBytesWritten,
    ...sizes,
  };
  await options.remember({ name: container.name, stored });
  await removeNodeCopy(environment, container);
}

/** Tries again with growing pauses while the store does not answer, for as long as it is worth. */
export async function storePatiently<T>(
  environment: CheckpointEnvironment,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = environment.clock.now() + environment.storePatienceMs;
  for (let pauseMs = 2_000; ; pauseMs = Math.min(2 * pauseMs, 60_000)) {
    try {
      return await work();
    } catch (error) {
      const worth = isClouderError(error) && error.retryable && !signal?.aborted;
      const left = deadline - environment.clock.now();
      if (!worth || left <= 0) throw error;
      await environment.clock.sleep(Math.min(pauseMs * (0.5 + Math.random() / 2), left), signal);
    }
  }
}

async function removeNodeCopy(
  environment: CheckpointEnvironment,
  container: ContainerJob,
): Promise<void> {
  if (container.archive !== undefined) {
    await rm(archiveHere(environment, container.archive), { force: true });
  }
  await openSpool(environment.folders.spool, container.containerID).remove();
}
