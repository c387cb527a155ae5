import { createZstdCompress } from "node:zlib";
import type { ZstdOptions } from "node:zlib";

/**
 * One zstd frame of `bytes`, compressed on the thread pool. `node:zlib`'s own function gives a copy
 * and leaves the output buffer to the collector, which then works as long as the compressor; here
 * what comes out lies in the one output buffer, whose owner is the caller. `chunkSize` must hold the
 * whole frame.
 */
export function compressZstd(
  bytes: Uint8Array,
  options: ZstdOptions & { readonly chunkSize: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const compressor = createZstdCompress(options);
  const pieces: Buffer<ArrayBuffer>[] = [];
  return new Promise((resolve, reject) => {
    compressor.on("error", reject);
    compressor.on("data", (piece: Buffer<ArrayBuffer>) => pieces.push(piece));
    compressor.on("end", () => {
      compressor.close();
      resolve(joined(pieces));
    });
    compressor.end(bytes);
  });
}

/** Without a copy where the pieces lie one behind the other, as those of one output buffer do. */
function joined(pieces: readonly Buffer<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = pieces;
  if (first === undefined) return new Uint8Array(0);
  let end = first.byteOffset;
  for (const { buffer, byteOffset, length } of pieces) {
    if (buffer !== first.buffer || byteOffset !== end) return Buffer.concat(pieces);
    end += length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}
