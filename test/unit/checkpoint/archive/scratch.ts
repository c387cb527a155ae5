import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerRecord } from "#checkpoint/archive/manifest";
import { writeContainerArchive } from "#checkpoint/archive/write-container";
import { createMemoryStore } from "#test/fakes/store";
import type { MemoryStore } from "#test/fakes/store";

export const prefix = "ns/pod/20260101t000000z-aaaaa/";

export interface Scratch extends AsyncDisposable {
  readonly folder: string;
  readonly store: MemoryStore;
  /** Stores a tar as container `c`; small frames make many of them. */
  keep(
    tar: Buffer,
    options?: { readonly frameBytes?: number; readonly spool?: string },
  ): Promise<ContainerRecord>;
}

/** A folder and a store of a test's own. */
export async function scratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), "clouder-archive-"));
  const store = createMemoryStore();
  return {
    folder,
    store,
    keep: async (tar, options = {}) => {
      const source = join(folder, "source.tar");
      await writeFile(source, tar);
      const target = { source, store, prefix, containerName: "c", ...options };
      const written = await writeContainerArchive(target);
      const known = { callMilliseconds: 1, way: "plain", image: "i", imageID: "sha256:1" } as const;
      return { name: "c", ...known, ...written };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
