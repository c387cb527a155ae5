import { ClouderError, hasCode, isClouderError, throwIfCancelled } from "#core/error";
import { stat } from "node:fs/promises";
import type { CheckpointEnvironment } from "#checkpoint/engine/checkpoint-pod";
import type { CheckpointJob, ContainerJob } from "#checkpoint/engine/journal";
import { acceptArchive, removeArchivesOfCalls } from "#checkpoint/engine/node-archive";
import { armSpool, openSpool, type Spool } from "#checkpoint/engine/spool";

/** Writes down what is now known of a container before the job goes on. */
export type Remember = (change: Partial<ContainerJob> & { readonly name: string }) => Promise<void>;

/** How long a dump of the same container that somebody else has under way is waited for. */
const busyPauseMs = 2_000;

/**
 * Has one container dumped, unless that is done already. Leaves the archive and the spooled pages on
 * the node and their whereabouts in the journal; a failed call leaves nothing.
 */
export async function captureContainer(
  environment: CheckpointEnvironment,
  job: CheckpointJob,
  container: ContainerJob,
  remember: Remember,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (container.archive !== undefined || container.stored !== undefined) return;
  throwIfCancelled(signal);
  const spool = openSpool(environment.folders.spool, container.containerID);
  const calls = [...container.callTimes];
  const call = async () => {
    calls.push(environment.clock.now());
    await remember({ name: container.name, callTimes: [...calls] });
    return callKubelet(environment, job, container, spool, signal);
  };
  try {
    const { archive, callMilliseconds } = await call().catch(async (error: unknown) => {
      if (!hasCode(error, "busy")) throw error;
      await environment.clock.sleep(busyPauseMs, signal);
      return call();
    });
    const timing = await spool.timing();
    await remember({
      name: container.name,
      archive,
      callMilliseconds,
      way: timing === undefined ? "plain" : "handler",
      ...(timing?.frozenMilliseconds === undefined
        ? {}
        : { frozenMilliseconds: timing.frozenMilliseconds }),
    });
  } catch (error) {
    const told = await withDumpLog(error, spool, environment);
    await removeArchivesOfCalls(
      environment.folders.archives.here,
      { ...job.source, container: container.name },
      calls,
    );
    await spool.remove();
    throw told;
  }
}

async function callKubelet(
  environment: CheckpointEnvironment,
  job: CheckpointJob,
  container: ContainerJob,
  spool: Spool,
  signal: AbortSignal | undefined,
): Promise<{ readonly archive: string; readonly callMilliseconds: number }> {
  const { namespace, pod } = job.source;
  const target = { namespace, pod, container: container.name };
  // What a broken-off earlier call has left must not be taken for this one's.
  await removeArchivesOfCalls(environment.folders.archives.here, target, container.callTimes);
  const arming = container.way === "handler" ? await armSpool(spool, environment.clock) : undefined;
  try {
    const started = performance.now();
    const archive = await environment.kubelet.checkpoint(namespace, pod, container.name, {
      timeoutSeconds: environment.callTimeoutSeconds,
      signal,
    });
    const callMilliseconds = Math.round(performance.now() - started);
    await acceptArchive(environment.folders.archives, target, archive);
    return { archive, callMilliseconds };
  } finally {
    await arming?.[Symbol.asyncDispose]();
  }
}

/** Adds the decisive lines of CRIU's log to a failed dump, where the handler has saved the log. */
async function withDumpLog(
  error: unknown,
  spool: Spool,
  environment: CheckpointEnvironment,
): Promise<unknown> {
  if (!isClouderError(error) || error.code !== "criu") return error;
  const log = await spool.dumpLog();
  if (log === undefined) return error;
  const { lines, hint } = environment.readCriuLog(log);
  if (lines.length === 0) return error;
  const full = lines.some((line) => /No space left on device/i.test(line));
  return new ClouderError(full ? "no-space" : "criu", error.message, {
    hint: hint ?? "the lines of CRIU's dump log below say what it could not dump",
    details: { ...error.details, logLines: lines },
    cause: error,
  });
}

/** Bytes the node's disk has taken for this dump: pages once, everything that passes the runtime four times. */
export async function bytesWritten(archive: string, spool: Spool): Promise<number> {
  const sizeOf = async (file: string) => (await stat(file)).size;
  const pages = await Promise.all([...(await spool.pages()).values()].map(sizeOf));
  return pages.reduce((sum, bytes) => sum + bytes, 4 * (await sizeOf(archive)));
}
