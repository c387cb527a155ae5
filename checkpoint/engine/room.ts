import { readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import { parseQuantity } from "#kube/quantity";
import type { CheckpointJob } from "#checkpoint/engine/journal";
import type { Container, Pod } from "#kube/objects";

/** How often the runtime writes a container's memory to the node's disk. */
const copies = { plain: 4, handler: 1.1 } as const;

/** Asked for where nothing is known of a container's memory. */
const unknownMemory = 256 << 20;
const reserve = 256 << 20;

/**
 * Memory of one container in bytes: what its cgroup holds, where the node's cgroups are mounted, else
 * its limit, else its request, else a small guess.
 */
export async function containerMemory(
  cgroupRoot: string,
  pod: Pod,
  container: Container,
  containerID: string,
): Promise<{ readonly bytes: number; readonly from: "cgroup" | "limit" | "request" | "guess" }> {
  const held = await cgroupMemory(cgroupRoot, pod, containerID);
  if (held !== undefined) return { bytes: held, from: "cgroup" };
  const resources = container["resources"] as
    { limits?: Record<string, string>; requests?: Record<string, string> } | undefined;
  const limit = quantityBytes(resources?.limits?.["memory"]);
  if (limit !== undefined) return { bytes: limit, from: "limit" };
  const wanted = quantityBytes(resources?.requests?.["memory"]);
  if (wanted !== undefined) return { bytes: wanted, from: "request" };
  return { bytes: unknownMemory, from: "guess" };
}

/**
 * Throws `no-space` unless the node has room for all archives of the job at once, and for the further
 * copies the runtime makes of one container at a time.
 */
export async function requireRoomForJob(
  folders: { readonly cgroups: string; readonly archives: string; readonly spool: string },
  pod: Pod,
  job: CheckpointJob,
): Promise<void> {
  const containers = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.ephemeralContainers ?? []),
  ];
  const way = job.containers.every((container) => container.way === "handler")
    ? "handler"
    : "plain";
  const sizes = await Promise.all(
    job.containers.map(async ({ name, containerID }) => {
      const container = containers.find((candidate) => candidate.name === name) ?? { name };
      return (await containerMemory(folders.cgroups, pod, container, containerID)).bytes;
    }),
  );
  const sum = sizes.reduce((total, bytes) => total + bytes, 0);
  const needed = sum + Math.max(0, ...sizes) * (copies[way] - 1);
  const { namespace, pod: name } = job.source;
  const folder = way === "handler" ? folders.spool : folders.archives;
  await requireRoom(folder, needed, `a checkpoint of ${namespace}/${name}`);
}

/** Free bytes for root on the file system of `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const found = await statfs(folder);
  return found.bavail * found.bsize;
}

/** Throws `no-space` when `needed` and a reserve do not fit into `folder`. */
export async function requireRoom(folder: string, needed: number, what: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= needed + reserve) return;
  throw new ClouderError(
    "no-space",
    `${what} needs about ${mib(needed + reserve)} under ${folder}, which has ${mib(free)} left`,
    {
      hint: "free room on the node, or delete old archives: kubectl clouder doctor --node NODE",
      details: { neededBytes: Math.ceil(needed + reserve), freeBytes: free },
    },
  );
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** Finds the container's cgroup by its id, with either driver and either version. */
async function cgroupMemory(
  root: string,
  pod: Pod,
  containerID: string,
): Promise<number | undefined> {
  const uid = pod.metadata.uid ?? "";
  for (const top of [root, join(root, "memory")]) {
    const podFolder = await findPodFolder(top, uid);
    if (podFolder === undefined) continue;
    for (const name of [
      containerID,
      `cri-containerd-${containerID}.scope`,
      `crio-${containerID}.scope`,
    ]) {
      const bytes = await anonymousBytes(join(podFolder, name));
      if (bytes !== undefined) return bytes;
    }
  }
  return undefined;
}

async function findPodFolder(top: string, uid: string): Promise<string | undefined> {
  const forms = new Set([`pod${uid}`, `-pod${uid.replaceAll("-", "_")}.slice`]);
  const fits = (name: string) => [...forms].some((form) => name === form || name.endsWith(form));
  const list = async (folder: string) => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  };
  for (const pods of (await list(top)).filter((name) => name.startsWith("kubepods"))) {
    const inner = await list(join(top, pods));
    const direct = inner.find(fits);
    if (direct !== undefined) return join(top, pods, direct);
    for (const quality of inner.filter((name) => /burstable|besteffort/.test(name))) {
      const found = (await list(join(top, pods, quality))).find(fits);
      if (found !== undefined) return join(top, pods, quality, found);
    }
  }
  return undefined;
}

/** Anonymous and shared memory, which is what CRIU writes; page cache is not dumped. */
async function anonymousBytes(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, "memory.stat"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const value = (key: string) => Number(new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  const modern = value("anon");
  return modern > 0 ? modern + value("shmem") : value("total_rss") + value("total_shmem");
}

function quantityBytes(quantity: string | undefined): number | undefined {
  const bytes = quantity === undefined ? NaN : parseQuantity(quantity);
  return Number.isFinite(bytes) ? Math.ceil(bytes) : undefined;
}
