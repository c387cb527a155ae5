import { setMaxListeners } from "node:events";
import { throwIfCancelled } from "#core/error";
import type { PutOptions } from "#checkpoint/stores/store";

/** What a store with multi-part uploads has to offer; `Part` is what it needs to complete. */
export interface PartSink<Part> {
  /** The whole object at once: it is not longer than a part. */
  single(bytes: Buffer, signal: AbortSignal): Promise<void>;
  begin(signal: AbortSignal): Promise<void>;
  /** `bytes` may be used until it resolves. Numbers start at 1. */
  part(number: number, bytes: Buffer, signal: AbortSignal): Promise<Part>;
  complete(parts: readonly Part[], signal: AbortSignal): Promise<void>;
  /** Removes what was uploaded; called once after a failure, its own failure is ignored. */
  abort(): Promise<void>;
}

const mebibyte = 1024 * 1024;
const defaultConcurrency = 4;
const mostBytesUnderWay = 64 * mebibyte;

/**
 * Parts grow along the way, so that ten thousand of them (S3's limit) hold 300 GiB while the first
 * 10 GiB take little memory.
 */
export function partBytes(number: number): number {
  return 5 * mebibyte * 2 ** Math.min(4, Math.floor((number - 1) / 2000));
}

/**
 * Cuts `body` into parts and uploads a few at once, reading on only while there is room. After any
 * failure the other parts are ended and the upload is aborted before the error is thrown.
 */
export async function uploadInParts<Part>(
  body: AsyncIterable<Uint8Array>,
  sink: PartSink<Part>,
  options: PutOptions = {},
): Promise<number> {
  throwIfCancelled(options.signal);
  const upload = createUpload(sink, options);
  let bytes = 0;
  try {
    for await (const piece of cutIntoParts(body, upload.buffer)) {
      bytes += piece.bytes.length;
      if (piece.number === 1 && piece.last) await upload.single(piece.bytes);
      else await upload.send(piece);
      if (piece.last && piece.number > 1) await upload.complete();
    }
    return bytes;
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

interface Piece {
  readonly number: number;
  readonly bytes: Buffer;
  readonly last: boolean;
}

/** At least one piece, and exactly one that is the last. */
async function* cutIntoParts(
  body: AsyncIterable<Uint8Array>,
  newBuffer: (number: number) => Buffer,
): AsyncGenerator<Piece, void, undefined> {
  let number = 1;
  let buffer = newBuffer(number);
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      // Only now is it known that the full part is not the last one.
      if (filled === buffer.length) {
        yield { number, bytes: buffer, last: false };
        number += 1;
        buffer = newBuffer(number);
        filled = 0;
      }
      const piece = chunk.subarray(at, at + buffer.length - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      at += piece.length;
    }
  }
  yield { number, bytes: buffer.subarray(0, filled), last: true };
}

function createUpload<Part>(sink: PartSink<Part>, options: PutOptions) {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  setMaxListeners(0, signal);
  const underWay = new Set<Promise<void>>();
  const free: Buffer[] = [];
  const parts: Part[] = [];
  let failure: { readonly error: unknown } | undefined;
  let begun = false;
  let confirmed = 0;

  const throwFailure = () => {
    if (failure) throw failure.error;
    throwIfCancelled(options.signal);
  };
  const fewerThan = async (most: number) => {
    while (underWay.size >= most) await Promise.race(underWay);
    throwFailure();
  };
  const confirm = (bytes: number) => {
    confirmed += bytes;
    options.onProgress?.(confirmed);
  };
  const sendPart = async ({ number, bytes }: Piece) => {
    try {
      parts[number - 1] = await sink.part(number, bytes, signal);
      free.push(bytes);
      confirm(bytes.length);
    } catch (error) {
      failure ??= { error };
      ending.abort();
    }
  };
  return {
    buffer: (number: number): Buffer => {
      const wanted = partBytes(number);
      for (let old = free.pop(); old; old = free.pop()) if (old.length === wanted) return old;
      return Buffer.allocUnsafeSlow(wanted);
    },
    single: async (bytes: Buffer) => {
      throwFailure();
      await sink.single(bytes, signal);
      confirm(bytes.length);
    },
    send: async (piece: Piece) => {
      throwFailure();
      if (!begun) {
        begun = true;
        await sink.begin(signal);
      }
      const sending = sendPart(piece).finally(() => underWay.delete(sending));
      underWay.add(sending);
      const width = Math.floor(mostBytesUnderWay / partBytes(piece.number));
      await fewerThan(Math.max(1, Math.min(options.concurrency ?? defaultConcurrency, width)));
    },
    complete: async () => {
      await fewerThan(1);
      await sink.complete(parts, signal);
    },
    abort: async () => {
      ending.abort();
      await Promise.allSettled(underWay);
      if (begun) await sink.abort().catch(() => undefined);
    },
  };
}
