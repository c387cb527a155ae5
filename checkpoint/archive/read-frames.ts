import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { ClouderError, throwIfCancelled } from "#core/error";
import { systemClock } from "#core/clock";
import { printable } from "#core/redact";
import { retry } from "#core/retry";
import type { StoredContainerOptions } from "#checkpoint/archive/container-archive";
import { createFrameDigests } from "#checkpoint/archive/frame-digests";
import type { FrameDigests } from "#checkpoint/archive/frame-digests";
import { entryAt } from "#checkpoint/archive/container-index";
import type { ContainerIndex, FrameRecord } from "#checkpoint/archive/container-index";
import { mapOrdered } from "#checkpoint/archive/map-ordered";
import type { OrderedDigest } from "#checkpoint/archive/ordered-digest";

export interface RawFrame {
  readonly number: number;
  readonly rawOffset: number;
  /** Its receiver's own. */
  readonly bytes: Uint8Array;
}

interface FetchedFrame {
  readonly number: number;
  readonly record: FrameRecord;
  /** Verified. */
  readonly stored: Uint8Array<ArrayBuffer>;
}

/** Buffers for stored frames, used again and again: fresh memory costs as much as the hashing. */
interface Slots {
  take(bytes: number): Uint8Array<ArrayBuffer>;
  giveBack(stored: Uint8Array<ArrayBuffer>): void;
}

/** Requests under way, bytes per request at the most, frames being decompressed. */
const requestsUnderWay = 3;
const requestBytes = 6 * 1024 * 1024;
const firstRequestBytes = 2 * 1024 * 1024;
const framesUnderWay = 3;

const retries = { attempts: 4, firstDelayMs: 250, maxDelayMs: 4000 };

const decompress = promisify(zstdDecompress);

/**
 * All frames in order, each verified against the index before it is decompressed. With a digest
 * the raw bytes are hashed, too; without one, zstd's own checksum over them must do.
 */
export async function* readFrames(
  options: StoredContainerOptions,
  index: ContainerIndex,
  rawDigest: OrderedDigest | undefined,
): AsyncGenerator<RawFrame, void, undefined> {
  const key = `${options.prefix}${options.record.archive}`;
  const slots = createSlots(index);
  await using digests = createFrameDigests({ expectedBytes: options.record.storedBytes });
  const fetched = mapOrdered(batches(index.frames), requestsUnderWay, (batch) =>
    // A connection that ends in the middle costs one request, not the whole restore.
    retry(
      retries,
      systemClock,
      () => fetchBatch(options, key, index, batch, { slots, digests }),
      options.signal,
    ),
  );
  yield* mapOrdered(flat(fetched), framesUnderWay, async (frame) => {
    try {
      return await rawFrame(options, index, rawDigest, frame, slots);
    } catch (error) {
      // The frames after this one wait for its turn in the digest, which never comes.
      rawDigest?.fail(error as Error);
      throw error;
    }
  });
}

async function rawFrame(
  options: StoredContainerOptions,
  index: ContainerIndex,
  rawDigest: OrderedDigest | undefined,
  { number, record, stored }: FetchedFrame,
  slots: Slots,
): Promise<RawFrame> {
  const key = `${options.prefix}${options.record.archive}`;
  throwIfCancelled(options.signal);
  const raw = await decompressFrame(stored, record, () =>
    damaged(key, index, number, "cannot be decompressed"),
  );
  slots.giveBack(stored);
  const bytes = rawDigest === undefined ? raw : await rawDigest.update(number, raw);
  return { number, rawOffset: record.rawOffset, bytes };
}

async function decompressFrame(
  stored: Uint8Array,
  record: FrameRecord,
  complaint: () => ClouderError,
): Promise<Uint8Array> {
  const raw = await decompress(stored, {
    // A little more than needed, so that one output buffer is surely enough.
    chunkSize: record.rawBytes + 1024,
    maxOutputLength: record.rawBytes + 1024,
  }).catch(() => {
    throw complaint();
  });
  if (raw.length !== record.rawBytes) throw complaint();
  return raw;
}

function createSlots(index: ContainerIndex): Slots {
  const largest = index.frames.reduce((most, frame) => Math.max(most, frame.storedBytes), 0);
  const free: ArrayBuffer[] = [];
  return {
    take: (bytes) => new Uint8Array(free.pop() ?? new ArrayBuffer(largest), 0, bytes),
    giveBack: ({ buffer }) => free.push(buffer),
  };
}

interface Batch {
  readonly first: number;
  readonly frames: FrameRecord[];
}

/**
 * Neighbouring frames, so that one request brings about {@link requestBytes}; the first ones bring
 * less, so that there is something to decompress soon.
 */
function* batches(frames: readonly FrameRecord[]): Generator<Batch> {
  let batch: Batch = { first: 0, frames: [] };
  let [bytes, most] = [0, firstRequestBytes];
  for (const [number, frame] of frames.entries()) {
    if (batch.frames.length > 0 && bytes + frame.storedBytes > most) {
      yield batch;
      batch = { first: number, frames: [] };
      [bytes, most] = [0, Math.min(most + firstRequestBytes, requestBytes)];
    }
    batch.frames.push(frame);
    bytes += frame.storedBytes;
  }
  if (batch.frames.length > 0) yield batch;
}

async function fetchBatch(
  options: StoredContainerOptions,
  key: string,
  index: ContainerIndex,
  { first, frames }: Batch,
  { slots, digests }: { readonly slots: Slots; readonly digests: FrameDigests },
): Promise<FetchedFrame[]> {
  const offset = frames[0]?.storedOffset ?? 0;
  const length = frames.reduce((sum, frame) => sum + frame.storedBytes, 0);
  const verified: Promise<FetchedFrame>[] = [];
  const verify = async (number: number, record: FrameRecord, bytes: Uint8Array<ArrayBuffer>) => {
    const { bytes: stored, sha256 } = await digests.of(bytes);
    if (sha256 !== record.sha256) throw damaged(key, index, number, "was changed");
    return { number, record, stored };
  };
  let [record, filled] = [frames[0], 0];
  let stored = slots.take(record?.storedBytes ?? 0);
  const body = await options.store.get(key, { offset, length, signal: options.signal });
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      const number = first + verified.length;
      if (record === undefined) throw damaged(key, index, number - 1, "is too long");
      const part = chunk.subarray(at, at + stored.length - filled);
      stored.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < stored.length) continue;
      const frame = verify(number, record, stored);
      // Its error is met below; until then it must not count as unhandled.
      frame.catch(() => undefined);
      verified.push(frame);
      [record, filled] = [frames[verified.length], 0];
      if (record !== undefined) stored = slots.take(record.storedBytes);
    }
  }
  if (record !== undefined) throw damaged(key, index, first + verified.length, "is cut off");
  return await Promise.all(verified);
}

async function* flat<T>(lists: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const list of lists) yield* list;
}

function damaged(key: string, index: ContainerIndex, number: number, what: string): ClouderError {
  const entry = entryAt(index, index.frames[number]?.rawOffset ?? 0)?.name ?? "";
  const name = printable(entry);
  return new ClouderError("integrity", `frame ${number} of ${key} ${what}: it holds "${name}"`, {
    hint: "the stored checkpoint was changed or damaged; restore another one",
    details: { object: key, frame: number, entry: name },
  });
}
