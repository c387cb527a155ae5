import { ClouderError } from "#core/error";
import type { Store } from "#checkpoint/stores/store";

/** The whole object; `integrity` when it is longer than anything we would have written. */
export async function readSmallObject(
  store: Store,
  key: string,
  mostBytes: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // One byte more than allowed tells a too long object without reading all of it.
  for await (const chunk of await store.get(key, { offset: 0, length: mostBytes + 1, signal })) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new ClouderError("integrity", `${key} is longer than ${mostBytes} bytes`);
    }
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** A body of one chunk. */
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
