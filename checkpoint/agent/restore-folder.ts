import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readContainerState, type ContainerState } from "#checkpoint/handler/container-state";
import type { RestoreRecord } from "#checkpoint/handler/record";

/** `restores/<uid>` of this node, as the agent looks at it after staging. */
export interface RestoreFolder {
  /** Undefined when nothing is staged (any more). */
  record(): Promise<RestoreRecord | undefined>;
  /** What the helper has written per container so far. */
  states(names: readonly string[]): Promise<ReadonlyMap<string, ContainerState>>;
  /** Removes the memory and files of the checkpoint; record and states stay for the pod's restarts. */
  removeImages(): Promise<void>;
  remove(): Promise<void>;
}

export function restoreFolderOf(restores: string, uid: string): RestoreFolder {
  const folder = join(restores, uid);
  const containers = join(folder, "containers");
  return {
    record: async () => {
      try {
        return JSON.parse(await readFile(join(folder, "record.json"), "utf8")) as RestoreRecord;
      } catch {
        return undefined;
      }
    },
    states: async (names) => {
      const states = new Map<string, ContainerState>();
      for (const name of names) {
        const state = await readContainerState(join(containers, name));
        if (state) states.set(name, state);
      }
      return states;
    },
    removeImages: async () => {
      for (const name of await readdir(containers).catch(() => [])) {
        for (const file of await readdir(join(containers, name)).catch(() => [])) {
          if (file.startsWith("state.json")) continue;
          await rm(join(containers, name, file), { recursive: true, force: true });
        }
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Removes the folders of Restores that `keep` does not want; gives their names. */
export async function removeForeignRestores(
  restores: string,
  keep: (uid: string) => boolean,
): Promise<readonly string[]> {
  const names = await readdir(restores).catch(() => []);
  const foreign = names.filter((name) => !keep(name));
  for (const name of foreign) await rm(join(restores, name), { recursive: true, force: true });
  return foreign;
}
