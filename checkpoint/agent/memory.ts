import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * The agent's malloc: frames of megabytes come and go in several threads. glibc's either keeps such
 * memory for ever or maps it anew each time, page by page, which takes a seventh of a restore's time.
 */
export const agentAllocator = "libjemalloc.so.2";

/**
 * Environment that keeps the agent small: freed memory is used again for some seconds, then goes back
 * to the system, also without a call. Little young space lets V8 find the chunks of a network stream
 * early.
 */
export const agentMemory = [
  { name: "LD_PRELOAD", value: agentAllocator },
  {
    name: "MALLOC_CONF",
    value: "background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0,narenas:2,tcache:false",
  },
  { name: "NODE_OPTIONS", value: "--max-semi-space-size=1 --v8-pool-size=1" },
] as const;

/**
 * V8 counts buffers as heap and takes the heap for full at some 30 MB: a full collection for every
 * few frames of an archive, which takes as long as the archive's other work. Not allowed in
 * NODE_OPTIONS.
 */
export const agentNodeOption = "--initial-old-space-size=128";

/**
 * Frees what a job has left: V8 waits for new objects, which an idle agent does not make. As the last
 * resort compiled code and pages of the heap that nobody uses go, too: 10 MB.
 */
function collectGarbage(flavor: "regular" | "last-resort"): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  collect({ type: "major", execution: "sync", flavor });
}

/** Compiled code is of use to a job that follows soon. */
const idleMilliseconds = 10_000;
let jobs = 0;
let idle: NodeJS.Timeout | undefined;

/** The same function, followed by a collection however it ends, and by a last one when nothing follows. */
export function thenCollected<Arguments extends readonly unknown[], Result>(
  work: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    jobs += 1;
    clearTimeout(idle);
    try {
      return await work(...args);
    } finally {
      jobs -= 1;
      // Once the callers have let go of what they hold; what the compressors hold goes a round later.
      for (const milliseconds of [10, 500]) {
        setTimeout(collectGarbage, milliseconds, "regular").unref();
      }
      if (jobs === 0) idle = setTimeout(collectGarbage, idleMilliseconds, "last-resort").unref();
    }
  };
}
