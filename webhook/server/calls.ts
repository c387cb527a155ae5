/** A call that is under way; `late` is called once when its time is up. */
export interface Call {
  deadline: number;
  readonly since: number;
  readonly late: () => void;
}

/**
 * Time limits of all calls by one timer: a timer for each would cost more than most decisions. Times are
 * of `now`, in milliseconds.
 */
export interface Calls {
  begin(limitMs: number, late: () => void): Call;
  /** The call was answered or given up. */
  end(call: Call): void;
  readonly underWay: number;
  [Symbol.dispose](): void;
}

const sweepMs = 100;

export function createCalls(now: () => number): Calls {
  const calls = new Set<Call>();
  const timer = setInterval(() => {
    const time = now();
    for (const call of calls) {
      if (call.deadline > time) continue;
      calls.delete(call);
      call.late();
    }
  }, sweepMs);
  timer.unref();
  return {
    begin: (limitMs, late) => {
      const since = now();
      const call: Call = { deadline: since + limitMs, since, late };
      calls.add(call);
      return call;
    },
    end: (call) => {
      calls.delete(call);
    },
    get underWay() {
      return calls.size;
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

/** Of the time the API server waits, the part we use: the answer has a way to go. */
const share = 0.8;

/**
 * The time limit of a call: the API server says in the query (`?timeout=10s`) how long it waits;
 * `settled` is what was configured.
 */
export function timeLimit(url: string, settledMs: number): number {
  // Of one configuration all calls are alike.
  if (url !== last.url || settledMs !== last.settledMs) {
    last = { url, settledMs, limit: readLimit(url, settledMs) };
  }
  return last.limit;
}

let last = { url: "", settledMs: 0, limit: 0 };

function readLimit(url: string, settledMs: number): number {
  const asked = /[?&]timeout=(\d+(?:\.\d+)?)(ms|s|m)(?:&|$)/.exec(url);
  if (!asked) return settledMs * share;
  const unit = asked[2] === "ms" ? 1 : asked[2] === "s" ? 1000 : 60_000;
  return Math.min(Number(asked[1]) * unit, settledMs) * share;
}
