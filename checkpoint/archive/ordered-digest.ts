import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type * as workerThreads from "node:worker_threads";
import { ClouderError } from "#core/error";

/**
 * SHA-256 over chunks that come in any order and are hashed in the order of their numbers, in a
 * thread of its own: at 1.4 GB/s the digest of a large archive would else hold up the main thread.
 */
export interface OrderedDigest extends AsyncDisposable {
  /**
   * Takes `bytes` over (they are detached unless they lie in shared memory) and gives them back
   * once chunk `number` and all before it are hashed.
   */
  update(number: number, bytes: Uint8Array): Promise<Uint8Array>;
  /** The digest (hex) of all chunks. */
  digest(): Promise<string>;
  /** A chunk will never come: rejects every update that waits for it, and all later ones. */
  fail(error: Error): void;
}

interface Chunk {
  readonly number: number;
  readonly bytes: Uint8Array;
}

type Answer = Chunk | { readonly whole: string };

/** Below this a digest is made on the spot: starting a thread would take longer. */
const threadWorthBytes = 16 * 1024 * 1024;

/** `expectedBytes` decides whether a thread is worth its start. */
export function createOrderedDigest(options: { readonly expectedBytes: number }): OrderedDigest {
  return options.expectedBytes < threadWorthBytes ? localDigest() : threadDigest();
}

function localDigest(): OrderedDigest {
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  let failure: Error | undefined;
  const hasher = createHasher(createHash, (answer) => {
    waiting.get(answer.number)?.resolve(answer.bytes);
    waiting.delete(answer.number);
  });
  return {
    update: (number, bytes) => {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = Promise.withResolvers<Uint8Array>();
      waiting.set(number, answer);
      hasher.accept({ number, bytes });
      return answer.promise;
    },
    digest: () =>
      failure === undefined ? Promise.resolve(hasher.whole()) : Promise.reject(failure),
    fail: (error) => {
      failure ??= error;
      for (const { reject } of waiting.values()) reject(failure);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function threadDigest(): OrderedDigest {
  // The code goes by value: there is no second file to find once the program is bundled.
  const worker = new Worker(
    `(${serve.toString()})(require("node:worker_threads"), require("node:crypto").createHash, ${createHasher.toString()})`,
    { eval: true, stdin: false, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 1 } },
  );
  const online = once(worker, "online").catch(() => undefined);
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  let whole: PromiseWithResolvers<string> | undefined;
  let failure: Error | undefined;
  worker.on("message", (answer: Answer) => {
    if ("whole" in answer) whole?.resolve(answer.whole);
    else {
      waiting.get(answer.number)?.resolve(answer.bytes);
      waiting.delete(answer.number);
    }
  });
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    whole?.reject(failure);
  };
  worker.on("error", fail);
  worker.on("exit", () => {
    fail(new ClouderError("internal", "the digest thread ended early"));
  });
  return {
    update: (number, bytes) => {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = Promise.withResolvers<Uint8Array>();
      waiting.set(number, answer);
      worker.postMessage({ number, bytes }, transferable(bytes));
      return answer.promise;
    },
    digest: () => {
      whole = Promise.withResolvers<string>();
      if (failure !== undefined) whole.reject(failure);
      else worker.postMessage("whole");
      return whole.promise;
    },
    fail,
    [Symbol.asyncDispose]: async () => {
      worker.removeAllListeners("exit");
      await online;
      await worker.terminate();
    },
  };
}

/** Small buffers lie in a pool that others use too: they are copied. */
function transferable(bytes: Uint8Array): ArrayBuffer[] {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && bytes.byteLength > 64 * 1024 ? [buffer] : [];
}

/** Runs in both threads; must not refer to anything outside itself. */
function createHasher(newHash: (algorithm: string) => Hash, give: (answer: Chunk) => void) {
  const hash = newHash("sha256");
  const early = new Map<number, Chunk>();
  let next = 0;
  return {
    accept: (chunk: Chunk) => {
      early.set(chunk.number, chunk);
      for (let due = early.get(next); due; due = early.get(next)) {
        early.delete(next);
        next += 1;
        hash.update(due.bytes);
        give(due);
      }
    },
    whole: () => hash.digest("hex"),
  };
}

/** The thread's main function; must not refer to anything outside itself. */
function serve(
  threads: typeof workerThreads,
  newHash: (algorithm: string) => Hash,
  makeHasher: typeof createHasher,
): void {
  const port = threads.parentPort;
  const hasher = makeHasher(newHash, (answer) => {
    const { buffer } = answer.bytes;
    port?.postMessage(answer, buffer instanceof ArrayBuffer ? [buffer] : []);
  });
  port?.on("message", (message: Chunk | "whole") => {
    if (message === "whole") port.postMessage({ whole: hasher.whole() });
    else hasher.accept(message);
  });
}
