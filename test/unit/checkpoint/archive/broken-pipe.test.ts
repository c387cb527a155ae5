import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ContainerRecord } from "#checkpoint/archive/manifest";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { writeContainerArchive } from "#checkpoint/archive/write-container";
import { createMemoryStore } from "#test/fakes/store";

/** A frame that fails must not leave the frames after it waiting for ever. */

const prefix = "ns/pod/id/";
let folder: string;
let source: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "archive-"));
  source = join(folder, "source.tar");
  const tar = pack();
  // Above the size from which digests are made in threads.
  tar.entry({ name: "checkpoint/pages-1.img" }, randomBytes(40 << 20));
  tar.finalize();
  await writeFile(source, await buffer(tar));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("refuses a changed frame by its number and entry, and leaves no folder", async () => {
  const store = createMemoryStore();
  const written = await writeContainerArchive({ source, store, prefix, containerName: "c" });
  const key = `${prefix}${written.archive}`;
  const stored = await buffer(await store.get(key));
  const middle = stored.length >> 1;
  stored[middle] = stored[middle]! ^ 0xff;
  const changed = async function* () {
    yield await Promise.resolve(stored);
  };
  await store.put(key, changed());
  const target = join(folder, "unpacked");
  const record = { name: "c", ...written } as unknown as ContainerRecord;
  await expect(
    unpackContainerArchive({ store, prefix, record, folder: target }),
  ).rejects.toMatchObject({
    code: "integrity",
    message: expect.stringMatching(
      /frame \d+ of ns\/pod\/id\/c\.tar\.zst .*pages-1\.img/,
    ) as string,
  });
  expect(await readdir(folder)).toEqual(["source.tar"]);
});

it("ends a cancelled upload with cancelled", async () => {
  const store = createMemoryStore();
  const stop = new AbortController();
  const writing = writeContainerArchive({
    source,
    store,
    prefix,
    containerName: "c",
    signal: stop.signal,
    onProgress: (done) => {
      if (done > 4 << 20) stop.abort();
    },
  });
  await expect(writing).rejects.toMatchObject({ code: "cancelled" });
});
