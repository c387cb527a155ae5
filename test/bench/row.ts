/** One line of docs/benchmarks.md: ours against the peer's way, in one run on one machine. */
export interface BenchRow {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  /** Ours divided by the peer's, or the figure the bar is about. */
  readonly figure: number;
  readonly bar: string;
  readonly met: boolean;
}

/** The middle one; figures of a busy machine are quoted by it. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("no figures");
  return middle;
}

export const milliseconds = (figure: number) => `${figure.toFixed(figure < 10 ? 1 : 0)} ms`;
export const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
