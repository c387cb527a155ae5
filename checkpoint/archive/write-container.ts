import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { ClouderError } from "#core/error";
import { compressFrames } from "#checkpoint/archive/compress-frames";
import type { CompressedFrame } from "#checkpoint/archive/compress-frames";
import type {
  WriteContainerOptions,
  WrittenContainer,
} from "#checkpoint/archive/container-archive";
import { formatIndex } from "#checkpoint/archive/container-index";
import type { ContainerIndex, FrameRecord, IndexEntry } from "#checkpoint/archive/container-index";
import { parseDumpStatistics } from "#checkpoint/archive/dump-statistics";
import { readInlineFiles } from "#checkpoint/archive/inline-files";
import { createOrderedDigest } from "#checkpoint/archive/ordered-digest";
import { openRawTar } from "#checkpoint/archive/raw-tar";
import type { RawTar } from "#checkpoint/archive/raw-tar";
import { releaseBuffer } from "#core/release-buffer";
import { oneChunk } from "#checkpoint/archive/small-object";
import type { Store } from "#checkpoint/stores/store";

const mebibyte = 1024 * 1024;

/**
 * Compresses the kubelet's tar into independent zstd frames while it uploads them, then uploads
 * the index. Both are confirmed by the store when it returns; nothing is listed as a checkpoint
 * before the manifest is written. Safe to call again after a failure.
 */
export async function writeContainerArchive(
  options: WriteContainerOptions,
): Promise<WrittenContainer> {
  const { store, prefix, containerName, signal } = options;
  await using raw = await openRawTar(options.source, options.spool);
  const frameBytes = options.frameBytes ?? frameBytesFor(raw.bytes);
  await using rawDigest = createOrderedDigest({ expectedBytes: raw.bytes });
  const compressed = compressFrames({
    raw,
    frameBytes,
    level: options.level ?? 1,
    rawDigest,
    signal,
  });
  const frames: FrameRecord[] = [];
  const storedHash = createHash("sha256");
  const archive = `${containerName}.tar.zst`;
  const stored = await store.put(
    `${prefix}${archive}`,
    recorded(compressed, frames, storedHash, {
      ...options,
      rawBytes: raw.bytes,
    }),
    {
      signal,
    },
  );
  const last = frames.at(-1);
  const storedBytes = last === undefined ? 0 : last.storedOffset + last.storedBytes;
  if (stored.bytes !== storedBytes) throw changedSize(archive, storedBytes, stored.bytes);
  await confirm(store, `${prefix}${archive}`, storedBytes, signal);

  const files = await readInlineFiles(raw);
  const index: ContainerIndex = {
    format: 1,
    container: containerName,
    rawBytes: raw.bytes,
    storedBytes,
    frameBytes,
    rawSha256: await rawDigest.digest(),
    storedSha256: storedHash.digest("hex"),
    frames,
    entries: raw.entries.map(indexEntry),
    files,
  };
  const indexFile = `${containerName}.index.json`;
  const text = Buffer.from(formatIndex(index));
  await store.put(`${prefix}${indexFile}`, oneChunk(text), { signal });
  await confirm(store, `${prefix}${indexFile}`, text.length, signal);
  const statistics = files["stats-dump"];
  const dump = statistics && parseDumpStatistics(Buffer.from(statistics.data, "base64"));
  return {
    archive,
    index: indexFile,
    rawBytes: raw.bytes,
    storedBytes,
    rawSha256: index.rawSha256,
    storedSha256: index.storedSha256,
    indexSha256: createHash("sha256").update(text).digest("hex"),
    ...(dump === undefined ? {} : { dump }),
  };
}

/**
 * 2 MiB: what is decompressed is still in the processor's caches when it is written, and restores are
 * a third faster than with 4 MiB. Above 16 GiB as much as keeps the index under 8192 frames, so that
 * inspect stays cheap.
 */
export function frameBytesFor(rawBytes: number): number {
  let frameBytes = 2 * mebibyte;
  while (rawBytes / frameBytes > 8192) frameBytes *= 2;
  return frameBytes;
}

async function* recorded(
  compressed: AsyncIterable<CompressedFrame>,
  frames: FrameRecord[],
  storedHash: Hash,
  options: WriteContainerOptions & { readonly rawBytes: number },
): AsyncGenerator<Uint8Array> {
  let rawOffset = 0;
  let storedOffset = 0;
  for await (const { rawBytes, bytes, sha256 } of compressed) {
    frames.push({ rawOffset, rawBytes, storedOffset, storedBytes: bytes.length, sha256 });
    rawOffset += rawBytes;
    storedOffset += bytes.length;
    // Compressed bytes are few: this thread has the time.
    storedHash.update(bytes);
    yield bytes;
    releaseBuffer(bytes);
    options.onProgress?.(rawOffset, options.rawBytes);
  }
}

function indexEntry({
  name,
  type,
  size,
  mode,
  modified,
  dataOffset,
  link,
}: RawTar["entries"][number]): IndexEntry {
  return {
    name,
    type,
    size,
    mode,
    modified,
    offset: dataOffset,
    ...(link === undefined ? {} : { link }),
  };
}

async function confirm(store: Store, key: string, bytes: number, signal: AbortSignal | undefined) {
  const found = await store.stat(key, signal);
  if (found.bytes !== bytes) throw changedSize(key, bytes, found.bytes);
}

function changedSize(key: string, sent: number, found: number): ClouderError {
  return new ClouderError(
    "integrity",
    `the store has ${found} bytes of ${key}, ${sent} were sent`,
    {
      hint: "take the checkpoint again; if it happens again the store is at fault",
    },
  );
}
