import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isClouderError } from "#core/error";
import type { ClouderError } from "#core/error";
import type { Store } from "#checkpoint/stores/store";

/** A place for stores, as a driver's test sets it up. */
export interface StoreSite {
  /** A store below a prefix of its own. */
  open(prefix: string): Promise<Store>;
  /** The same place with credentials that it does not know; absent where it has none. */
  readonly openWithWrongCredentials?: () => Promise<Store>;
  /** A place of its own whose server can be killed; absent where there is no server. */
  readonly openMortal?: () => Promise<{ readonly store: Store; readonly kill: () => void }>;
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

/** The law of the Store port. */
export function describeStore(name: string, make: () => Promise<StoreSite>): void {
  describe(`Store contract: ${name}`, () => {
    let site: StoreSite;
    let store: Store;

    beforeAll(async () => {
      site = await make();
      store = await site.open(`run-${randomBytes(4).toString("hex")}`);
    });
    afterAll(async () => {
      await store.close();
      await site.close();
    });

    it("gives back what was put, with its size", async () => {
      const bytes = randomBytes(100_000);
      expect(await store.put("small/object", chunksOf(bytes))).toEqual({
        key: "small/object",
        bytes: bytes.length,
      });
      expect(await store.stat("small/object")).toEqual({ key: "small/object", bytes: 100_000 });
      expect(digestOf(await readAll(store, "small/object"))).toBe(digestOf(bytes));
    });

    it("keeps empty objects", async () => {
      await store.put("empty", chunksOf(Buffer.alloc(0)));
      expect(await store.stat("empty")).toEqual({ key: "empty", bytes: 0 });
      expect(await readAll(store, "empty")).toHaveLength(0);
      expect(await readAll(store, "empty", { offset: 0, length: 10 })).toHaveLength(0);
    });

    it("keeps objects of exactly one and exactly two parts", async () => {
      for (const bytes of [randomBytes(5 * mebibyte), randomBytes(10 * mebibyte)]) {
        await store.put("whole-parts", chunksOf(bytes));
        expect(digestOf(await readAll(store, "whole-parts"))).toBe(digestOf(bytes));
      }
    });

    it("keeps large objects of many parts and tells how much is confirmed", async () => {
      const bytes = randomBytes(50 * mebibyte + 12_345);
      const seen: number[] = [];
      await store.put("large", chunksOf(bytes, 1_600_001), { onProgress: (n) => seen.push(n) });
      expect(await store.stat("large")).toEqual({ key: "large", bytes: bytes.length });
      expect(digestOf(await readAll(store, "large"))).toBe(digestOf(bytes));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(bytes.length);
    });

    it("reads ranges", async () => {
      const bytes = randomBytes(3 * mebibyte);
      await store.put("ranges", chunksOf(bytes));
      for (const [offset, length] of [
        [0, 1],
        [1, 70_000],
        [mebibyte, mebibyte],
        [bytes.length - 5, 5],
        [bytes.length - 5, 500],
        [7, 0],
      ] as const) {
        const part = await readAll(store, "ranges", { offset, length });
        expect(digestOf(part)).toBe(digestOf(bytes.subarray(offset, offset + length)));
      }
      const tail = await readAll(store, "ranges", { offset: 2 * mebibyte });
      expect(digestOf(tail)).toBe(digestOf(bytes.subarray(2 * mebibyte)));
      expect(await readAll(store, "ranges", { offset: bytes.length + 9 })).toHaveLength(0);
    });

    it("takes several uploads at once", async () => {
      const bodies = Array.from({ length: 6 }, (_, n) => randomBytes((n + 1) * 2_000_000));
      await Promise.all(bodies.map((body, n) => store.put(`many/${n}`, chunksOf(body))));
      for (const [n, body] of bodies.entries()) {
        expect(digestOf(await readAll(store, `many/${n}`))).toBe(digestOf(body));
      }
    });

    it("replaces an object as a whole", async () => {
      await store.put("replaced", chunksOf(Buffer.from("first, and longer")));
      await store.put("replaced", chunksOf(Buffer.from("second")));
      expect((await readAll(store, "replaced")).toString()).toBe("second");
    });

    it("says not-found for absent objects before the first chunk", async () => {
      expect((await failureOf(store.get("absent"))).code).toBe("not-found");
      expect((await failureOf(store.get("absent", { offset: 3, length: 2 }))).code).toBe(
        "not-found",
      );
      expect((await failureOf(store.get("absent", { length: 0 }))).code).toBe("not-found");
      expect((await failureOf(store.stat("absent"))).code).toBe("not-found");
      expect((await failureOf(store.stat("absent/deeper"))).code).toBe("not-found");
    });

    it("removes objects, and absent ones without complaint", async () => {
      await store.put("gone/a", chunksOf(Buffer.from("a")));
      await store.remove("gone/a");
      await store.remove("gone/a");
      await store.remove("never/was");
      expect((await failureOf(store.stat("gone/a"))).code).toBe("not-found");
      expect(await keysOf(store, "gone/")).toEqual([]);
    });

    it("lists keys below a prefix in lexical order", async () => {
      const keys = ["l/b/2", "l/a/2", "l/a.b", "l/a/1", "l/a-b", "l/c", "l/B", "lx/1"];
      for (const key of keys) await store.put(key, chunksOf(Buffer.from(key)));
      expect(await keysOf(store, "l/")).toEqual([
        "l/B",
        "l/a-b",
        "l/a.b",
        "l/a/1",
        "l/a/2",
        "l/b/2",
        "l/c",
      ]);
      expect(await keysOf(store, "l/a/")).toEqual(["l/a/1", "l/a/2"]);
      expect(await keysOf(store, "nothing/")).toEqual([]);
    });

    it("does not see what other prefixes hold", async () => {
      const name = randomBytes(4).toString("hex");
      const one = await site.open(name);
      const other = await site.open(`${name}-b`);
      await one.put("k/object", chunksOf(Buffer.from("one")));
      expect(await keysOf(other, "")).toEqual([]);
      expect((await failureOf(other.stat("k/object"))).code).toBe("not-found");
      await other.remove("k/object");
      expect((await readAll(one, "k/object")).toString()).toBe("one");
      expect(await keysOf(one, "")).toEqual(["k/object"]);
    });

    it.each(["", "/a", "a//b", "a/../b", "./a", "a/", "a\n", "..", "a\\b"])(
      "refuses the key %j",
      async (key) => {
        const failure = await failureOf(store.put(key, chunksOf(Buffer.from("x"))));
        expect(failure.code).toBe("usage");
        expect((await failureOf(store.stat(key))).code).toBe("usage");
        expect((await failureOf(store.remove(key))).code).toBe("usage");
      },
    );

    it("lists nothing of an upload that is cancelled in the middle", async () => {
      const cancel = new AbortController();
      const body = async function* () {
        for (let n = 0; n < 40; n += 1) {
          if (n === 25) cancel.abort();
          yield await Promise.resolve(randomBytes(mebibyte));
        }
      };
      const failure = await failureOf(
        store.put("cancelled/object", body(), { signal: cancel.signal }),
      );
      expect(failure.code).toBe("cancelled");
      expect(await keysOf(store, "cancelled/")).toEqual([]);
      expect((await failureOf(store.stat("cancelled/object"))).code).toBe("not-found");
      expect(await store.removeUnfinished("cancelled/")).toBe(0);
    });

    it("passes on the error of the body and keeps the older object", async () => {
      await store.put("kept", chunksOf(Buffer.from("older")));
      const body = async function* () {
        for (let n = 0; n < 20; n += 1) yield await Promise.resolve(randomBytes(mebibyte));
        throw new Error("the reader failed");
      };
      await expect(store.put("kept", body())).rejects.toThrow("the reader failed");
      expect((await readAll(store, "kept")).toString()).toBe("older");
    });

    it("honours a signal that is aborted already", async () => {
      const signal = AbortSignal.abort();
      await store.put("signal", chunksOf(Buffer.from("x")));
      for (const call of [
        () => store.get("signal", { signal }),
        () => store.stat("signal", signal),
        () => store.remove("signal", signal),
        () => store.put("signal", chunksOf(Buffer.from("y")), { signal }),
        () => keysOf(store, "", signal),
      ]) {
        expect((await failureOf(call())).code).toBe("cancelled");
      }
    });

    it("stops reading when it is cancelled", async () => {
      await store.put("long-read", chunksOf(randomBytes(20 * mebibyte)));
      const cancel = new AbortController();
      const reading = async () => {
        const options = { signal: cancel.signal };
        for await (const chunk of await store.get("long-read", options)) {
          if (chunk.length > 0) cancel.abort();
        }
      };
      expect((await failureOf(reading())).code).toBe("cancelled");
    });

    it("holds its body back while the store is slower", async () => {
      let given = 0;
      let confirmed = 0;
      let most = 0;
      const body = async function* () {
        for (let n = 0; n < 96; n += 1) {
          given += mebibyte;
          most = Math.max(most, given - confirmed);
          yield await Promise.resolve(Buffer.alloc(mebibyte, n));
        }
      };
      await store.put("held", body(), {
        concurrency: 2,
        onProgress: (bytes) => {
          confirmed = bytes;
        },
      });
      expect(most).toBeLessThanOrEqual(33 * mebibyte);
    });

    it("checks itself and leaves nothing behind", async () => {
      const fresh = await site.open(`check-${randomBytes(4).toString("hex")}`);
      await fresh.check();
      expect(await keysOf(fresh, "")).toEqual([]);
    });

    it("shows its location without secrets", () => {
      expect(store.location).toMatch(/^[a-z0-9]+:\/\/[^@?]+$/);
    });

    it("says unauthenticated or denied for wrong credentials", async (context) => {
      if (!site.openWithWrongCredentials) {
        context.skip();
        return;
      }
      const stranger = await site.openWithWrongCredentials();
      for (const call of [
        () => stranger.check(),
        () => stranger.stat("small/object"),
        () => stranger.get("small/object"),
        () => keysOf(stranger, ""),
      ]) {
        expect(["unauthenticated", "denied"]).toContain((await failureOf(call())).code);
      }
    });

    it("says unreachable, retryable, when the server dies in the middle of an upload", async (context) => {
      if (!site.openMortal) {
        context.skip();
        return;
      }
      const { store: mortal, kill } = await site.openMortal();
      await mortal.put("before", chunksOf(Buffer.from("x")));
      const body = async function* () {
        for (let n = 0; n < 200; n += 1) {
          if (n === 30) kill();
          yield await Promise.resolve(randomBytes(mebibyte));
          if (n > 30) await sleep(5);
        }
      };
      const failure = await failureOf(mortal.put("dying", body()));
      expect(failure.code).toBe("unreachable");
      expect(failure.retryable).toBe(true);
      const after = await failureOf(mortal.stat("before"));
      expect(after).toMatchObject({ code: "unreachable", retryable: true });
    });
  });
}

async function* chunksOf(bytes: Buffer, size = mebibyte): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function readAll(
  store: Store,
  key: string,
  options?: { offset?: number; length?: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.get(key, options)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function keysOf(store: Store, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, signal)) keys.push(key);
  return keys;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The ClouderError that the call ends with; any other outcome fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<ClouderError> {
  const outcome = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (isClouderError(outcome)) return outcome;
  throw outcome instanceof Error ? outcome : new Error(`no ClouderError but ${String(outcome)}`);
}
