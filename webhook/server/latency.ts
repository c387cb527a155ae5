/** Upper bounds of the published histogram, in seconds. */
const bounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export interface Latency {
  observe(milliseconds: number): void;
  /** Of the last five to ten minutes, within five per cent; undefined without calls. */
  quantile(share: number): number | undefined;
  /** Prometheus text lines of a histogram. */
  lines(name: string): readonly string[];
}

const windowMs = 300_000;
/** Fine steps: each a tenth above the one before, from ten microseconds on. */
const steps = 160;
const stepLog = Math.log(1.1);
const lowest = 0.01;

/** Durations of all calls for Prometheus, and quantiles of the recent ones for people. */
export function createLatency(now: () => number): Latency {
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  let recent = new Uint32Array(steps);
  let before = new Uint32Array(steps);
  let windowSince = now();

  function turn(): void {
    const age = now() - windowSince;
    if (age < windowMs) return;
    // After a long silence both windows are old.
    before = age < 2 * windowMs ? recent : new Uint32Array(steps);
    recent = new Uint32Array(steps);
    windowSince = now();
  }

  return {
    observe: (milliseconds) => {
      turn();
      const seconds = milliseconds / 1000;
      sum += seconds;
      let bucket = 0;
      while (bucket < bounds.length && seconds > (bounds[bucket] ?? Infinity)) bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      const step = Math.ceil(Math.log(Math.max(milliseconds, lowest) / lowest) / stepLog);
      const fine = Math.min(step, steps - 1);
      recent[fine] = (recent[fine] ?? 0) + 1;
    },
    quantile: (share) => {
      turn();
      let total = 0;
      for (let step = 0; step < steps; step += 1)
        total += (recent[step] ?? 0) + (before[step] ?? 0);
      if (total === 0) return undefined;
      let passed = 0;
      let step = 0;
      for (; step < steps - 1; step += 1) {
        passed += (recent[step] ?? 0) + (before[step] ?? 0);
        if (passed >= total * share) break;
      }
      return lowest * 1.1 ** step;
    },
    lines: (name) => {
      let passed = 0;
      const buckets = bounds.map((bound, index) => {
        passed += counts[index] ?? 0;
        return `${name}_bucket{le="${bound}"} ${passed}`;
      });
      passed += counts[bounds.length] ?? 0;
      return [
        `# TYPE ${name} histogram`,
        ...buckets,
        `${name}_bucket{le="+Inf"} ${passed}`,
        `${name}_sum ${sum}`,
        `${name}_count ${passed}`,
      ];
    },
  };
}
