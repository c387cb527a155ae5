import { describe, expect, it } from "vitest";
import { systemClock, type Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import { retry, waitFor } from "#core/retry";

function countingClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => now,
    sleep: (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

const policy = { attempts: 4, firstDelayMs: 100, maxDelayMs: 250 };
const passing = new ClouderError("unreachable", "gone", { retryable: true });

describe("retry", () => {
  it("calls again while the error is retryable, and gives the first success", async () => {
    const clock = countingClock();
    const work = (attempt: number) =>
      attempt < 3 ? Promise.reject(passing) : Promise.resolve(attempt);
    expect(await retry(policy, clock, work)).toBe(3);
    expect(clock.slept).toHaveLength(2);
  });

  it("ends with the last error when the attempts are used up, with bounded waits", async () => {
    const clock = countingClock();
    await expect(retry(policy, clock, () => Promise.reject(passing))).rejects.toBe(passing);
    expect(clock.slept).toHaveLength(3);
    const ceilings = [100, 200, 250];
    expect(clock.slept.every((one, index) => one <= (ceilings[index] ?? 0))).toBe(true);
  });

  it("does not call again for an error that stays, a bug, or after an abort", async () => {
    for (const error of [new ClouderError("denied", "no"), new TypeError("bug")]) {
      let calls = 0;
      const work = () => {
        calls += 1;
        return Promise.reject(error);
      };
      await expect(retry(policy, countingClock(), work)).rejects.toBe(error);
      expect(calls).toBe(1);
    }
    const aborted = AbortSignal.abort();
    let calls = 0;
    const work = () => {
      calls += 1;
      return Promise.reject(passing);
    };
    await expect(retry(policy, countingClock(), work, aborted)).rejects.toBe(passing);
    expect(calls).toBe(1);
  });
});

describe("waitFor", () => {
  const options = { timeoutMs: 1000, everyMs: 300, hint: "look there" };

  it("polls until there is a value, over retryable errors", async () => {
    let calls = 0;
    const probe = () => {
      calls += 1;
      if (calls === 1) return Promise.reject(passing);
      return Promise.resolve(calls === 3 ? "there" : undefined);
    };
    expect(await waitFor("it", { ...options, clock: countingClock() }, probe)).toBe("there");
  });

  it("ends with a timeout that names what was waited for, the hint and the last error", async () => {
    const waiting = waitFor("the end of pod x", { ...options, clock: countingClock() }, () =>
      Promise.reject(passing),
    );
    await expect(waiting).rejects.toMatchObject({
      code: "timeout",
      message: "the end of pod x did not happen within 1 s",
      hint: "look there",
      cause: passing,
    });
  });

  it("ends at once with an error that stays", async () => {
    const denied = new ClouderError("denied", "no");
    const waiting = waitFor("it", { ...options, clock: countingClock() }, () =>
      Promise.reject(denied),
    );
    await expect(waiting).rejects.toBe(denied);
  });
});

describe("the system's clock", () => {
  it("sleeps, and wakes with the signal's reason", async () => {
    const before = systemClock.now();
    await systemClock.sleep(5);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before + 4);
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error("before")))).rejects.toThrow(
      "before",
    );
  });
});
