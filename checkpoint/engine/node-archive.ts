import { lstat, readdir, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { ClouderError } from "#core/error";
import type { CheckpointTarget } from "#checkpoint/engine/kubelet-errors";

/** What the kubelet calls the archive of a container, up to the time. */
function namePrefix({ namespace, pod, container }: CheckpointTarget): string {
  return `checkpoint-${pod}_${namespace}-${container}-`;
}

const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})$/;

/** The time in the name of an archive of this container; undefined for any other file. */
export function archiveTime(target: CheckpointTarget, name: string): number | undefined {
  const prefix = namePrefix(target);
  if (!name.startsWith(prefix) || !name.endsWith(".tar")) return undefined;
  const stamp = name.slice(prefix.length, -".tar".length);
  return time.test(stamp) ? Date.parse(stamp) : undefined;
}

/**
 * Accepts the path of the kubelet's answer only when it is this container's regular file directly in
 * the checkpoints folder, and gives the path as this process sees it.
 */
export async function acceptArchive(
  folder: { readonly onNode: string; readonly here: string },
  target: CheckpointTarget,
  path: string,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const refuse = (why: string) =>
    new ClouderError("refused", `the kubelet's archive ${path} ${why}`, {
      hint: "the kubelet's root folder must be /var/lib/kubelet; see kubectl clouder doctor",
    });
  if (posix.dirname(path) !== folder.onNode) throw refuse(`is not in ${folder.onNode}`);
  const name = posix.basename(path);
  if (archiveTime(target, name) === undefined) throw refuse("has another container's name");
  const here = join(folder.here, name);
  const found = await lstat(here).catch((error: unknown) => {
    throw new ClouderError("not-found", `the kubelet's archive ${path} is not there`, {
      cause: error,
      hint: `${folder.onNode} of the node must be mounted in the agent's pod`,
    });
  });
  if (!found.isFile()) throw refuse("is no regular file");
  return { path: here, bytes: found.size };
}

/** The kubelet takes the time when the call arrives, in whole seconds. */
const earlyMs = 2_000;
const lateMs = 10_000;

/**
 * Removes archives that calls of ours have left: those of this container whose name holds the time of
 * one of our calls. Anybody else's archives stay.
 */
export async function removeArchivesOfCalls(
  folder: string,
  target: CheckpointTarget,
  callTimes: readonly number[],
  keep?: string,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const made = archiveTime(target, name);
    if (made === undefined || name === keep) continue;
    if (!callTimes.some((called) => made >= called - earlyMs && made <= called + lateMs)) continue;
    await rm(join(folder, name), { force: true });
    removed.push(name);
  }
  return removed;
}
