import type { Clock } from "#core/clock";

/** Wakes a loop; a ring while nobody waits is kept. */
interface Bell {
  readonly ring: () => void;
  /** Until a ring, but no longer than so; false once the signal has aborted. */
  readonly wait: (milliseconds: number, clock: Clock, signal: AbortSignal) => Promise<boolean>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait: async (milliseconds, clock, signal) => {
      if (!rung && !signal.aborted) {
        const over = new AbortController();
        wake = () => {
          over.abort();
        };
        const either = AbortSignal.any([signal, over.signal]);
        await clock.sleep(Math.max(0, milliseconds), either).catch(() => undefined);
        wake = undefined;
      }
      rung = false;
      return !signal.aborted;
    },
  };
}
