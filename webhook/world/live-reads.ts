import type { Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";

export interface LiveReads {
  /** Asks once for `key`, however many wait for it; an absent object gives undefined. */
  read<T>(key: string, ask: () => Promise<T>): Promise<T | undefined>;
  /** Questions that went to the API server so far. */
  asked(): number;
}

export interface LiveReadSettings {
  readonly clock: Clock;
  /** The admission call has a time limit of its own: half of the usual 5 s. */
  readonly limitMs?: number;
}

/** Anybody may send a review that names anything: no flood of them may become one of reads. */
const mostAtOnce = 32;
const absentMs = 2_000;
const mostAbsent = 1_000;

/** Reads past a cache that does not know an object yet: single flight, limited in time and number. */
export function createLiveReads({ clock, limitMs = 2_500 }: LiveReadSettings): LiveReads {
  const underWay = new Map<string, Promise<unknown>>();
  const absent = new Map<string, number>();
  let asked = 0;

  async function ask<T>(key: string, question: () => Promise<T>): Promise<T | undefined> {
    asked += 1;
    try {
      return await withinTime(key, question, clock, limitMs);
    } catch (error) {
      if (!hasCode(error, "not-found")) throw error;
      absent.delete(key);
      absent.set(key, clock.now());
      for (const oldest of absent.keys()) {
        if (absent.size <= mostAbsent) break;
        absent.delete(oldest);
      }
      return undefined;
    } finally {
      underWay.delete(key);
    }
  }

  return {
    asked: () => asked,
    read: async <T>(key: string, question: () => Promise<T>) => {
      const running = underWay.get(key);
      if (running) return running as Promise<T | undefined>;
      const missedAt = absent.get(key);
      if (missedAt !== undefined && clock.now() - missedAt < absentMs) return undefined;
      if (underWay.size >= mostAtOnce) {
        throw new ClouderError("busy", `too many reads under way to read ${key}`, {
          retryable: true,
        });
      }
      const promise = ask(key, question);
      underWay.set(key, promise);
      return promise;
    },
  };
}

/** What `question` gives; `timeout` when it takes longer. Its late answer is nobody's. */
export async function withinTime<T>(
  what: string,
  question: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  limitMs: number,
): Promise<T> {
  const over = new AbortController();
  const answered = new AbortController();
  const late = clock
    .sleep(limitMs, answered.signal)
    .catch(() => undefined)
    .then(() => {
      over.abort();
      throw new ClouderError("timeout", `no answer about ${what} within ${String(limitMs)} ms`, {
        retryable: true,
      });
    });
  try {
    return await Promise.race([question(over.signal), late]);
  } finally {
    late.catch(() => undefined);
    answered.abort();
  }
}
