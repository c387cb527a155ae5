import type { Outcome } from "#webhook/injection/wish";
import { createLatency, type Latency } from "#webhook/server/latency";

/** What became of one call. */
export type CallResult =
  | "patched"
  | "unchanged"
  | "ignored"
  | "refused"
  | "fault_allowed"
  | "fault_denied"
  | "bad_request"
  | "too_large"
  | "busy"
  | "late_body";

/** A value that is asked for when metrics are read. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly counter?: boolean;
  readonly read: () => number | undefined;
}

/**
 * The webhook's metrics. Written by hand: a metrics library costs more memory than all of this, and
 * a label lookup on each call.
 */
export interface Figures {
  readonly latency: Latency;
  count(result: CallResult): void;
  /** Items of one decision, by what became of them; skipped and refused ones with the reason. */
  countOutcomes(outcomes: readonly Outcome[]): void;
  /** Metrics in Prometheus' text format. */
  text(): string;
  totals(): Readonly<Partial<Record<CallResult, number>>>;
}

/** Reasons are our own texts, but may name things: beyond this many they are counted together. */
const mostReasons = 50;

export function createFigures(now: () => number, gauges: readonly Gauge[]): Figures {
  const latency = createLatency(now);
  const results = new Map<string, number>();
  const items = new Map<string, number>();
  const reasons = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string) => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    latency,
    count: (result) => {
      add(results, result);
    },
    countOutcomes: (outcomes) => {
      for (const { result, reason } of outcomes) {
        add(items, result);
        if (result !== "skipped" && result !== "refused") continue;
        const known = reason ?? "unknown";
        add(reasons, reasons.has(known) || reasons.size < mostReasons ? known : "other");
      }
    },
    totals: () => Object.fromEntries(results),
    text: () =>
      [
        ...counterLines("requests_total", "Calls by result.", "result", results),
        "# HELP clouder_webhook_request_duration_seconds From the head of a call to its answer.",
        ...latency.lines("clouder_webhook_request_duration_seconds"),
        ...counterLines(
          "items_total",
          "Items of policies by what became of them.",
          "result",
          items,
        ),
        ...counterLines("skipped_total", "Items that were not injected.", "reason", reasons),
        ...gauges.flatMap(gaugeLines),
        "",
      ].join("\n"),
  };
}

function counterLines(
  name: string,
  help: string,
  label: string,
  counts: ReadonlyMap<string, number>,
): readonly string[] {
  const full = `clouder_webhook_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} counter`,
    ...[...counts].map(([value, count]) => `${full}{${label}="${escaped(value)}"} ${count}`),
  ];
}

function gaugeLines({ name, help, counter, read }: Gauge): readonly string[] {
  const value = read();
  if (value === undefined) return [];
  const full = name.startsWith("process_") ? name : `clouder_webhook_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${counter ? "counter" : "gauge"}`,
    `${full} ${value}`,
  ];
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
