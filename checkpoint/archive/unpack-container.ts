import { mkdir, open, readdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClouderError } from "#core/error";
import type {
  UnpackContainerOptions,
  UnpackedContainer,
} from "#checkpoint/archive/container-archive";
import type { ContainerIndex, IndexEntry } from "#checkpoint/archive/container-index";
import { openContainerArchive } from "#checkpoint/archive/read-container";
import { readFrames } from "#checkpoint/archive/read-frames";
import type { RawFrame } from "#checkpoint/archive/read-frames";
import { releaseBuffer } from "#core/release-buffer";
import { safeEntries } from "#checkpoint/archive/safe-entries";
import type { SafeEntry } from "#checkpoint/archive/safe-entries";
import { createGaps } from "#checkpoint/archive/tar-gaps";
import { fileError } from "#checkpoint/stores/file-error";

/**
 * Fetches, verifies and unpacks what restore needs into `folder` (files 0600, folders 0700). The
 * index says what goes where and the tar's own headers must agree with it; otherwise nothing is left
 * behind. Every byte is verified: manifest -> SHA-256 of the index -> SHA-256 of each stored frame ->
 * zstd's checksum of the frame's content. Hashing the raw tar once more would add nothing but a
 * quarter of the time; `readRaw` does it, for it gives the tar away.
 */
export async function unpackContainerArchive(
  options: UnpackContainerOptions,
): Promise<UnpackedContainer> {
  const { index } = await openContainerArchive(options);
  const entries = safeEntries(index.entries);
  await makeEmptyFolder(options.folder);
  try {
    await unpack(options, index, entries);
  } catch (error) {
    await rm(options.folder, { recursive: true, force: true });
    throw fileError(error, options.folder);
  }
  const files = entries.filter((entry) => entry.type === "file");
  return { files: files.length, bytes: files.reduce((sum, file) => sum + file.size, 0) };
}

async function makeEmptyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    throw fileError(error, folder);
  }
  throw new ClouderError("exists", `${folder} is not empty`);
}

async function unpack(
  options: UnpackContainerOptions,
  index: ContainerIndex,
  entries: readonly SafeEntry[],
): Promise<void> {
  const key = `${options.prefix}${options.record.archive}`;
  await using target = await createTarget(options.folder, entries);
  const gaps = createGaps(index);
  // One at a time: more would wait for each other at one file's lock, and hold memory that the
  // processor's caches have forgotten.
  let written = Promise.resolve();
  try {
    for await (const frame of readFrames(options, index, undefined)) {
      gaps.take(frame);
      options.onProgress?.(frame.rawOffset + frame.bytes.length, index.rawBytes);
      await written;
      written = target.write(frame).finally(() => {
        releaseBuffer(frame.bytes);
      });
      // Its error is met before the next one begins; until then it must not count as unhandled.
      written.catch(() => undefined);
    }
    await written;
  } finally {
    await Promise.allSettled([written]);
  }
  requireSameEntries(key, index, await gaps.entries());
}

interface Target extends AsyncDisposable {
  write(frame: RawFrame): Promise<void>;
}

/** Folders are made beforehand, files as their first byte comes. */
async function createTarget(folder: string, entries: readonly SafeEntry[]): Promise<Target> {
  const files = entries.filter((entry) => entry.type === "file");
  const folders = new Set(
    entries.map((entry) => (entry.type === "directory" ? entry.path : dirname(entry.path))),
  );
  for (const path of folders) await mkdir(join(folder, path), { recursive: true, mode: 0o700 });
  const open_ = new Map<SafeEntry, { handle: Promise<FileHandle>; left: number }>();
  for (const file of files) if (file.size === 0) await (await create(folder, file)).close();
  const filled = files.filter((file) => file.size > 0);

  const writeFile = async (file: SafeEntry, frame: RawFrame) => {
    const target = open_.get(file) ?? { handle: create(folder, file), left: file.size };
    open_.set(file, target);
    const from = Math.max(0, file.offset - frame.rawOffset);
    const to = Math.min(frame.bytes.length, file.offset + file.size - frame.rawOffset);
    await writeAll(
      await target.handle,
      frame.bytes.subarray(from, to),
      frame.rawOffset + from - file.offset,
    );
    target.left -= to - from;
    if (target.left > 0) return;
    open_.delete(file);
    await (await target.handle).close();
  };
  return {
    write: async (frame) => {
      const end = frame.rawOffset + frame.bytes.length;
      for (let n = firstAfter(filled, frame.rawOffset); n < filled.length; n += 1) {
        const file = filled[n];
        if (file === undefined || file.offset >= end) return;
        await writeFile(file, frame);
      }
    },
    [Symbol.asyncDispose]: async () => {
      const handles = await Promise.allSettled([...open_.values()].map(({ handle }) => handle));
      for (const handle of handles) if (handle.status === "fulfilled") await handle.value.close();
    },
  };
}

/** `wx`: nothing that is there, not even a link, is ever opened. */
function create(folder: string, file: SafeEntry): Promise<FileHandle> {
  return open(join(folder, file.path), "wx", 0o600);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** The first file that ends after `offset`; files are in the order of their offsets. */
function firstAfter(files: readonly SafeEntry[], offset: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const file = files[middle];
    if (file !== undefined && file.offset + file.size <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function requireSameEntries(
  key: string,
  index: ContainerIndex,
  found: readonly Omit<IndexEntry, "link">[],
): void {
  const line = ({ name, type, size, offset }: Omit<IndexEntry, "link">) =>
    JSON.stringify([name, type, size, offset]);
  const differs = index.entries.findIndex((entry, n) => {
    const other = found[n];
    return other === undefined || line(entry) !== line(other);
  });
  if (differs < 0 && found.length === index.entries.length) return;
  throw new ClouderError("integrity", `the index of ${key} does not describe its tar`, {
    hint: "the stored checkpoint was changed; restore another one",
  });
}
