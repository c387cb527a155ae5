import { existsSync } from "node:fs";
import { readFile, readdir, readlink } from "node:fs/promises";
import { dirname } from "node:path";
import { hostCommand } from "./host-command.ts";
import { ClouderError } from "#core/error";

/** Fails with the way out when this host's file systems cannot hold machines. */
export async function checkRoom(folder: string, machines: number): Promise<void> {
  const { stdout } = await hostCommand(["df", "--output=avail", "-B1", nearest(folder)]);
  const free = Number(stdout.trim().split("\n").at(-1));
  const needed = machines * 3 * 2 ** 30;
  if (free < needed) {
    throw new ClouderError(
      "no-space",
      `${folder} has ${Math.round(free / 2 ** 30)} GiB free, ${machines} machines want ${needed / 2 ** 30} GiB`,
      { hint: "free some space, or move ~/.clouder to a larger file system" },
    );
  }
}

/** The folder, or the nearest above it: a look makes none. */
function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}

/** Seen at rest: about 15 on a worker and 29 on a control plane; fewer are hopeless. */
const inotifyPerMachine = 18;

/**
 * Machines share root's inotify instances with the host; where they run out, kubelets start and
 * stop for minutes without a word of why.
 */
export async function checkInotify(machines: number): Promise<void> {
  const setting = "fs.inotify.max_user_instances";
  const text = await readFile("/proc/sys/fs/inotify/max_user_instances", "utf8");
  refuseFewInstances(Number(text), await instancesInUse(), machines, setting);
}

/** Fails when `machines` more do not fit below the limit. */
export function refuseFewInstances(
  limit: number,
  used: number,
  machines: number,
  setting = "fs.inotify.max_user_instances",
): void {
  if (used + machines * inotifyPerMachine <= limit) return;
  throw new ClouderError(
    "no-space",
    `${used} of ${limit} inotify instances of this host are in use, ${machines} machines want ${machines * inotifyPerMachine}`,
    { hint: `delete another cluster, or raise the limit: sysctl -w ${setting}=1024` },
  );
}

async function instancesInUse(): Promise<number> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const counts = await Promise.all(
    processes.map(async (id) => {
      const files = await readdir(`/proc/${id}/fd`).catch(() => []);
      const links = await Promise.all(
        files.map((file) => readlink(`/proc/${id}/fd/${file}`).catch(() => "")),
      );
      return links.filter((link) => link === "anon_inode:inotify").length;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
