import { hash } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type * as workerThreads from "node:worker_threads";
import { ClouderError } from "#core/error";

/**
 * SHA-256 of one buffer after another, in a thread of its own: the thread that receives an archive
 * has no time for it.
 */
export interface FrameDigests extends AsyncDisposable {
  /** Takes `bytes` over (the buffer is detached) and gives them back with their digest in hex. */
  of(bytes: Uint8Array<ArrayBuffer>): Promise<Digested>;
}

interface Digested {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** Below this a digest is made on the spot: starting a thread takes 50 ms of processor time. */
const threadWorthBytes = 128 * 1024 * 1024;

/** `expectedBytes` decides whether a thread is worth its start. */
export function createFrameDigests(options: { readonly expectedBytes: number }): FrameDigests {
  return options.expectedBytes < threadWorthBytes ? onTheSpot : inThread();
}

const onTheSpot: FrameDigests = {
  of: (bytes) => Promise.resolve({ bytes, sha256: hash("sha256", bytes) }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

function inThread(): FrameDigests {
  // The code goes by value: there is no second file to find once the program is bundled.
  const worker = new Worker(
    `(${serve.toString()})(require("node:worker_threads"), require("node:crypto").hash)`,
    { eval: true, stdin: false, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 1 } },
  );
  const online = once(worker, "online").catch(() => undefined);
  const waiting: PromiseWithResolvers<Digested>[] = [];
  let failure: Error | undefined;
  worker.on("message", (answer: Digested) => waiting.shift()?.resolve(answer));
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  worker.on("error", fail);
  worker.on("exit", () => {
    fail(new ClouderError("internal", "the digest thread ended early"));
  });
  return {
    of: (bytes) => {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = Promise.withResolvers<Digested>();
      waiting.push(answer);
      worker.postMessage(bytes, [bytes.buffer]);
      return answer.promise;
    },
    [Symbol.asyncDispose]: async () => {
      worker.removeAllListeners("exit");
      await online;
      await worker.terminate();
    },
  };
}

/** The thread's main function; must not refer to anything outside itself. */
function serve(threads: typeof workerThreads, sha256: typeof hash): void {
  const port = threads.parentPort;
  port?.on("message", (bytes: Uint8Array<ArrayBuffer>) => {
    port.postMessage({ bytes, sha256: sha256("sha256", bytes) }, [bytes.buffer]);
  });
}
