import type { Clock } from "#core/clock";

/** Time that moves only when told to; sleepers wake in order. Rejects as the system's clock does. */
export interface ManualClock extends Clock {
  /** Lets time pass; what wakes in between runs until it sleeps again. */
  advance(milliseconds: number): Promise<void>;
  /** How many sleep now. */
  sleepers(): number;
}

export function createManualClock(start = 0): ManualClock {
  let now = start;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  /** Everything that can go on without time passing does. */
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };

  return {
    now: () => now,
    sleepers: () => sleepers.size,
    sleep: (milliseconds, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const abort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper = {
          at: now + milliseconds,
          wake: () => {
            signal?.removeEventListener("abort", abort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", abort, { once: true });
      }),
    advance: async (milliseconds) => {
      const end = now + milliseconds;
      await settle();
      for (;;) {
        const next = [...sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        sleepers.delete(next);
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
    },
  };
}
