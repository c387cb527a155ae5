import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { Clock } from "#core/clock";

/** One mounted cgroup hierarchy of this host. */
interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

/** All hierarchies: several on cgroup v1 and hybrid hosts, one on cgroup v2. */
export async function hierarchies(): Promise<readonly Hierarchy[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts.split("\n").flatMap((line): readonly Hierarchy[] => {
    const [, path = "", type] = line.split(" ");
    if (!path.startsWith("/sys/fs/cgroup")) return [];
    if (type === "cgroup") return [{ path, version: 1 }];
    return type === "cgroup2" ? [{ path, version: 2 }] : [];
  });
}

/** True when this host has cgroup v1 controllers, so that its machines must live with v1 too. */
export async function usesCgroupV1(): Promise<boolean> {
  return (await hierarchies()).some(({ version }) => version === 1);
}

/**
 * Makes a group of its own for a machine in every hierarchy, so that no kubelet sees another's
 * pods; gives the files to which the machine's first process writes its id.
 */
export async function makeCgroups(names: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { path, version } of await hierarchies()) {
    let folder = path;
    for (const name of names) {
      if (version === 2) await delegate(folder);
      folder = join(folder, name);
      await mkdir(folder, { recursive: true });
      if (version === 1) await inheritCpuset(folder);
    }
    files.push(join(folder, "cgroup.procs"));
  }
  return files;
}

/** A new v1 cpuset is empty and takes no process. */
async function inheritCpuset(folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = await readFile(join(folder, file), "utf8").catch(() => undefined);
    if (own?.trim() !== "") continue;
    await writeFile(join(folder, file), await readFile(join(folder, "..", file), "utf8"));
  }
}

/** Lets children of a v2 group have controllers; those that cannot be given are left out. */
async function delegate(folder: string): Promise<void> {
  const available = await readFile(join(folder, "cgroup.controllers"), "utf8").catch(() => "");
  for (const controller of available.trim().split(/\s+/)) {
    if (controller === "") continue;
    await writeFile(join(folder, "cgroup.subtree_control"), `+${controller}`).catch(
      () => undefined,
    );
  }
}

/** Ids of all processes in a group and below, whichever hierarchy shows them. */
export async function processesIn(names: readonly string[]): Promise<readonly number[]> {
  const found = new Set<number>();
  for (const { path } of await hierarchies()) {
    for (const folder of await groupsBelow(join(path, ...names))) {
      const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
      for (const id of text.split("\n")) if (id !== "" && id !== "0") found.add(Number(id));
    }
  }
  return [...found];
}

/** Ends every process of a group, frozen ones too; `timeout` when some will not die. */
export async function killGroup(names: readonly string[], clock: Clock): Promise<void> {
  const deadline = clock.now() + 30_000;
  // nspawn tidies up after itself when its machine ends, so it goes last.
  const lastOrders = clock.now() + 3_000;
  for (;;) {
    await thaw(names);
    const ids = await processesIn(names);
    if (ids.length === 0) return;
    for (const id of ids) {
      if (clock.now() < lastOrders && (await commandOf(id)) === "systemd-nspawn") continue;
      try {
        process.kill(id, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    if (clock.now() > deadline) {
      throw new ClouderError("timeout", `processes ${ids.slice(0, 5).join(", ")} do not end`, {
        hint: "look at their state in /proc, then run the command again",
      });
    }
    await clock.sleep(100);
  }
}

async function commandOf(id: number): Promise<string> {
  return (await readFile(`/proc/${id}/comm`, "utf8").catch(() => "")).trim();
}

/** A failed dump leaves its target frozen, and a frozen process does not die. */
async function thaw(names: readonly string[]): Promise<void> {
  for (const { path, version } of await hierarchies()) {
    for (const folder of await groupsBelow(join(path, ...names))) {
      const [file, value] = version === 1 ? ["freezer.state", "THAWED"] : ["cgroup.freeze", "0"];
      const state = await readFile(join(folder, file), "utf8").catch(() => value);
      if (state.trim() !== value) {
        await writeFile(join(folder, file), value).catch(() => undefined);
      }
    }
  }
}

/** Removes a group and all below in every hierarchy; gives what could not be removed. */
export async function removeCgroups(names: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { path } of await hierarchies()) {
    const folders = await groupsBelow(join(path, ...names));
    for (const folder of folders.reverse()) {
      await rmdir(folder).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") left.push(folder);
      });
    }
  }
  return left;
}

/** A group and all groups below it, parents first; none when it does not exist. */
async function groupsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const below = await Promise.all(
    entries.filter((one) => one.isDirectory()).map((one) => groupsBelow(join(folder, one.name))),
  );
  return [folder, ...below.flat()];
}
