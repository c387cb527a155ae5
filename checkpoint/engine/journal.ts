import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerRecord, Manifest } from "#checkpoint/archive/manifest";
import { ClouderError } from "#core/error";

/** One container of a checkpoint under way. */
export interface ContainerJob {
  readonly name: string;
  /** Without the runtime's prefix. */
  readonly containerID: string;
  readonly image: string;
  readonly imageID: string;
  readonly way: "handler" | "plain";
  /** When each call to the kubelet was made; finds what a broken-off call has left. */
  readonly callTimes: readonly number[];
  /** As the kubelet named it; present once the call has succeeded. */
  readonly archive?: string;
  readonly callMilliseconds?: number;
  readonly frozenMilliseconds?: number;
  /** Present once the store has confirmed it. */
  readonly stored?: ContainerRecord;
}

/** All that is needed to go on with, or to clean up after, a checkpoint when the agent has died. */
export interface CheckpointJob {
  /** UID of the Checkpoint; ids alone are unique in their namespace only. */
  readonly uid: string;
  readonly id: string;
  readonly storeName: string;
  readonly createdAt: string;
  readonly source: Manifest["source"];
  readonly template: Manifest["template"];
  readonly containers: readonly ContainerJob[];
  /** The job is over; what is left of it on the node and in the store is to be removed. */
  readonly discard?: boolean;
}

/** Jobs on disk, one file each, written before the action they announce. */
export interface Journal {
  list(): Promise<readonly CheckpointJob[]>;
  read(uid: string): Promise<CheckpointJob | undefined>;
  write(job: CheckpointJob): Promise<void>;
  remove(uid: string): Promise<void>;
}

const uidPattern = /^[0-9a-zA-Z][0-9a-zA-Z-]{0,63}$/;

/** A journal in `folder`; files are whole or absent, also after a power cut. */
export function fileJournal(folder: string): Journal {
  const file = (uid: string) => {
    if (!uidPattern.test(uid)) throw new ClouderError("internal", `"${uid}" is no UID`);
    return join(folder, `${uid}.json`);
  };
  const read = async (uid: string): Promise<CheckpointJob | undefined> => {
    try {
      return JSON.parse(await readFile(file(uid), "utf8")) as CheckpointJob;
    } catch {
      return undefined;
    }
  };
  return {
    list: async () => {
      const names = await readdir(folder).catch(() => []);
      const uids = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
      const jobs = await Promise.all(uids.filter((uid) => uidPattern.test(uid)).map(read));
      return jobs.filter((job) => job !== undefined);
    },
    read,
    write: (job) => writeDurably(folder, file(job.uid), `${JSON.stringify(job)}\n`),
    remove: (uid) => rm(file(uid), { force: true }),
  };
}

/** Replaces a file of mode 0600 so that after a crash either the old or the new text is there. */
export async function writeDurably(folder: string, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const handle = await open(`${file}.new`, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
