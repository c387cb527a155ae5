import { ClouderError, isClouderError } from "#core/error";
import type { Clock } from "#core/clock";

export interface RetryPolicy {
  /** Number of calls at the most, the first included. */
  readonly attempts: number;
  /** Wait before the second call; doubles each time, with full jitter. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Which errors are worth another try; by default those marked retryable. */
  readonly when?: (error: unknown) => boolean;
}

/** Calls `work` until it succeeds, fails for good, or the attempts are used up. */
export async function retry<T>(
  policy: RetryPolicy,
  clock: Clock,
  work: (attempt: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const when = policy.when ?? ((error) => isClouderError(error) && error.retryable);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= policy.attempts || signal?.aborted || !when(error)) throw error;
      const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
      await clock.sleep(Math.random() * ceiling, signal);
    }
  }
}

/** Polls `probe` until it gives a value; `timeout` says what was waited for. */
export async function waitFor<T>(
  what: string,
  options: {
    readonly timeoutMs: number;
    readonly everyMs: number;
    readonly clock: Clock;
    readonly signal?: AbortSignal | undefined;
    readonly hint?: string;
  },
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = options.clock.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      if (!isClouderError(error) || !error.retryable) throw error;
      last = error;
    }
    if (options.clock.now() >= deadline) {
      throw new ClouderError(
        "timeout",
        `${what} did not happen within ${String(Math.round(options.timeoutMs / 1000))} s`,
        {
          ...(options.hint === undefined ? {} : { hint: options.hint }),
          ...(last === undefined ? {} : { cause: last }),
        },
      );
    }
    await options.clock.sleep(options.everyMs, options.signal);
  }
}
