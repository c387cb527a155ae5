import { randomUUID } from "node:crypto";
import { ClouderError } from "#core/error";
import type { Store } from "#checkpoint/stores/store";

/** Writes, reads back and removes a small object: `Store.check` of every driver. */
export async function checkStore(store: Store, signal?: AbortSignal): Promise<void> {
  const key = `.clouder-check/${randomUUID()}`;
  const wanted = Buffer.from(`check of ${key}\n`);
  await store.put(key, chunksOf(wanted), { signal });
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store.get(key, { signal })) chunks.push(Uint8Array.from(chunk));
    if (!Buffer.concat(chunks).equals(wanted)) {
      throw new ClouderError("integrity", `${store.location} gives back other bytes than were put`);
    }
  } finally {
    await store.remove(key);
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
