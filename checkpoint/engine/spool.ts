import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";

/** What the runtime handler did during one dump, out of its `timing` file. */
export interface SpoolTiming {
  /** Pause to resume, as the shim saw it. */
  readonly frozenMilliseconds?: number;
  readonly captureMilliseconds?: number;
}

/** A folder in which the runtime handler leaves the memory pages of one dump. */
export interface Spool {
  readonly folder: string;
  /** Name in the archive (`checkpoint/pages-1.img`) to the file that holds its bytes. */
  pages(): Promise<ReadonlyMap<string, string>>;
  /** Undefined when the handler took no part. */
  timing(): Promise<SpoolTiming | undefined>;
  /** CRIU's log, where the handler saved it after a failed dump. */
  dumpLog(): Promise<string | undefined>;
  /** From now on the handler leaves the container's dumps alone. */
  disarm(): Promise<void>;
  remove(): Promise<void>;
}

const validSeconds = 60;
const refreshMs = 20_000;
const pagesFile = /^pages-\d+\.img$/;
const largestLog = 1 << 20;

/** Opens the spool of a container, armed or not; the container id is checked, as it becomes a path. */
export function openSpool(root: string, containerID: string): Spool {
  if (!/^[0-9a-zA-Z][0-9a-zA-Z_.-]{0,127}$/.test(containerID)) {
    throw new ClouderError("internal", `"${containerID}" is no container id`);
  }
  const folder = join(root, containerID);
  return {
    folder,
    pages: async () => {
      const names = await readdir(folder).catch(() => []);
      return new Map(
        names
          .filter((name) => pagesFile.test(name))
          .map((name) => [`checkpoint/${name}`, join(folder, name)] as const),
      );
    },
    timing: async () => {
      const text = await readFile(join(folder, "timing"), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parseTiming(text);
    },
    dumpLog: async () => {
      const text = await readFile(join(folder, "dump.log"), "utf8").catch(() => undefined);
      return text?.slice(-largestLog);
    },
    disarm: () => rm(join(folder, "armed"), { force: true }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Tells the handler that the next dump of this container is ours, and keeps telling it until
 * disposed. Leftovers of an earlier call go first.
 */
export async function armSpool(spool: Spool, clock: Clock): Promise<AsyncDisposable> {
  await spool.remove();
  await mkdir(spool.folder, { recursive: true, mode: 0o700 });
  const write = async () => {
    const file = join(spool.folder, "armed");
    const until = Math.floor(clock.now() / 1000) + validSeconds;
    await writeFile(`${file}.new`, `${until}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  await write();
  const stop = new AbortController();
  const refreshing = (async () => {
    for (;;) {
      await clock.sleep(refreshMs, stop.signal);
      await write();
    }
  })().catch(() => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("disarmed"));
      await refreshing;
      await spool.disarm();
    },
  };
}

/**
 * Removes every spool but those that `keep` names (container ids), and gives the names of the removed.
 * `keep` is asked after the folder was read: a job is in the journal before its spool is made.
 */
export async function removeForeignSpools(
  root: string,
  keep: () => Promise<ReadonlySet<string>>,
): Promise<readonly string[]> {
  const names = await readdir(root).catch(() => []);
  const kept = await keep();
  const foreign = names.filter((name) => !kept.has(name));
  for (const name of foreign) await rm(join(root, name), { recursive: true, force: true });
  return foreign;
}

function parseTiming(text: string): SpoolTiming {
  const value = (key: string) => {
    const found = new RegExp(`^${key}=(\\d{1,12})$`, "m").exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const frozen = value("frozen_ms");
  const capture = value("capture_ms");
  return {
    ...(frozen === undefined ? {} : { frozenMilliseconds: frozen }),
    ...(capture === undefined ? {} : { captureMilliseconds: capture }),
  };
}
