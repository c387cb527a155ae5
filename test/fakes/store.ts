import { ClouderError, throwIfCancelled } from "#core/error";
import { checkStore } from "#checkpoint/stores/check-store";
import { untilCancelled, validKey, validPrefix, validRange } from "#checkpoint/stores/key";
import type { Store } from "#checkpoint/stores/store";

/**
 * A store in memory that keeps the whole law of the port (test/contract/store.test.ts runs on it).
 * Beyond the port: its objects can be seen and changed, bytes read are counted, and calls can be
 * made to fail.
 */
export interface MemoryStore extends Store {
  readonly objects: Map<string, Buffer>;
  /** Bytes given by `get` so far. */
  bytesRead(): number;
  /** Keys of `put` and `remove` in the order of the calls, as `put key`, `remove key`. */
  readonly calls: readonly string[];
  /** Called before each operation; throws to make it fail. */
  failWhen(fault: (operation: keyof Store, key: string) => void): void;
}

export function createMemoryStore(name = "memory"): MemoryStore {
  const objects = new Map<string, Buffer>();
  const calls: string[] = [];
  let bytesRead = 0;
  let fault: (operation: keyof Store, key: string) => void = () => undefined;
  const begin = (operation: keyof Store, key: string, signal: AbortSignal | undefined) => {
    throwIfCancelled(signal);
    if (operation !== "list") validKey(key);
    fault(operation, key);
  };
  const existing = (key: string) => {
    const found = objects.get(key);
    if (found === undefined) throw new ClouderError("not-found", `there is no object ${key}`);
    return found;
  };
  const store: MemoryStore = {
    objects,
    calls,
    bytesRead: () => bytesRead,
    failWhen: (next) => {
      fault = next;
    },
    location: `memory://${name}/`,
    put: async (key, body, options = {}) => {
      begin("put", key, options.signal);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of untilCancelled(body, options.signal)) {
        fault("put", key);
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
        options.onProgress?.(bytes);
      }
      throwIfCancelled(options.signal);
      calls.push(`put ${key}`);
      objects.set(key, Buffer.concat(chunks));
      return { key, bytes };
    },
    get: async (key, options = {}) => {
      await Promise.resolve();
      begin("get", key, options.signal);
      const { offset, length } = validRange(options);
      const found = existing(key);
      const part = found.subarray(offset, length === undefined ? undefined : offset + length);
      const chunks = async function* () {
        for (let at = 0; at < part.length; at += 65_536) {
          const chunk = Buffer.from(part.subarray(at, at + 65_536));
          bytesRead += chunk.length;
          yield await Promise.resolve(chunk);
        }
      };
      return untilCancelled(chunks(), options.signal);
    },
    stat: async (key, signal) => {
      await Promise.resolve();
      begin("stat", key, signal);
      return { key, bytes: existing(key).length };
    },
    list: async function* (prefix, signal) {
      await Promise.resolve();
      begin("list", validPrefix(prefix), signal);
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
      for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
        throwIfCancelled(signal);
        yield { key, bytes: objects.get(key)?.length ?? 0 };
      }
    },
    remove: async (key, signal) => {
      await Promise.resolve();
      begin("remove", key, signal);
      calls.push(`remove ${key}`);
      objects.delete(key);
    },
    check: (signal) => checkStore(store, signal),
    removeUnfinished: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
  return store;
}
