import { printable } from "#core/redact";
import type { Reporter, ReportEvent, Totals } from "#core/report";
import { bytes, duration } from "#plugin/output/units";

export const progressModes = ["auto", "plain", "json", "none"] as const;
export type ProgressMode = (typeof progressModes)[number];

/** Where progress goes: standard error, or a test's. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  readonly report: Reporter;
  /** Takes the bar away; later output starts on a clean line. */
  readonly stop: () => void;
}

/** Shows events: a bar on a terminal, lines elsewhere, one JSON object a line for machines. */
export function createProgress(
  mode: ProgressMode,
  stream: ProgressStream,
  options: { readonly verbose?: boolean; readonly now?: () => number } = {},
): Progress {
  const now = options.now ?? (() => performance.now());
  const isShown = (event: ReportEvent) =>
    event.type !== "note" || event.level !== "debug" || options.verbose === true;
  if (mode === "none") return { report: () => undefined, stop: () => undefined };
  if (mode === "json") {
    const report: Reporter = (event) => {
      if (isShown(event)) stream.write(`${JSON.stringify(event)}\n`);
    };
    return { report, stop: () => undefined };
  }
  return mode === "auto" && stream.isTTY === true
    ? terminal(stream, isShown, now)
    : plain(stream, isShown, now);
}

function plain(
  stream: ProgressStream,
  isShown: (event: ReportEvent) => boolean,
  now: () => number,
): Progress {
  const spoken = new Map<string, number>();
  const report: Reporter = (event) => {
    if (!isShown(event)) return;
    if (event.type !== "step-progress") {
      stream.write(`${lineOf(event)}\n`);
      return;
    }
    // A log wants a sign of life now and then, not every chunk.
    const key = `${event.step}@${event.host ?? ""}`;
    const finished = event.done === event.total;
    const last = spoken.get(key);
    if (last === undefined) spoken.set(key, now());
    else if (!finished && now() - last < 10_000) return;
    if (last === undefined && !finished) return;
    spoken.set(key, now());
    stream.write(`  ${event.step}: ${amount(event)}\n`);
  };
  return { report, stop: () => undefined };
}

interface Active {
  readonly title: string;
  readonly since: number;
  progress?: Extract<ReportEvent, { readonly type: "step-progress" }>;
  /** When that progress was told; between two tellings nothing is known. */
  toldAt: number;
}

/** One live line below the finished ones, redrawn at most 10 times a second. */
function terminal(
  stream: ProgressStream,
  isShown: (event: ReportEvent) => boolean,
  now: () => number,
): Progress {
  const active = new Map<string, Active>();
  let whole = "";
  let timer: NodeJS.Timeout | undefined;
  const clear = () => stream.write("\r\u001b[2K");
  const draw = () => {
    const last = [...active.values()].at(-1);
    clear();
    if (!last) return;
    const more = active.size > 1 ? ` (+${String(active.size - 1)} more)` : "";
    const line = `${liveLine(last, now())}${more}${whole}`;
    stream.write(
      Array.from(line)
        .slice(0, widthOf(stream) - 1)
        .join(""),
    );
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    if (active.size > 0) clear();
    active.clear();
  };
  const report: Reporter = (event) => {
    if (!isShown(event)) return;
    const key = event.type === "note" ? "" : `${event.step}@${event.host ?? ""}`;
    if (event.type === "step-progress") {
      const step = active.get(key);
      if (step) Object.assign(step, { progress: event, toldAt: now() });
      return;
    }
    if (event.type === "step-started") {
      active.set(key, { title: titleOf(event), since: now(), toldAt: now() });
      timer ??= setInterval(draw, 100).unref();
      draw();
      return;
    }
    active.delete(key);
    if (event.type !== "note") whole = standing(event.totals);
    clear();
    stream.write(`${lineOf(event)}\n`);
    if (active.size > 0) draw();
    else {
      clearInterval(timer);
      timer = undefined;
    }
  };
  return { report, stop };
}

function liveLine(step: Active, now: number): string {
  const { progress, title } = step;
  if (!progress) return `◌ ${title} ${duration(now - step.since) ?? ""}`;
  const parts = [`◌ ${title}`, bar(progress), amount(progress)];
  const seconds = (step.toldAt - step.since) / 1000;
  if (progress.unit === "bytes" && seconds > 0.5 && progress.done > 0) {
    const rate = progress.done / seconds;
    parts.push(`${bytes(Math.round(rate)) ?? ""}/s`);
    const left = ((progress.total ?? 0) - progress.done) / rate - (now - step.toldAt) / 1000;
    if (progress.total !== undefined && left > 0) parts.push(`ETA ${String(Math.ceil(left))} s`);
  }
  return parts.filter((part) => part !== "").join(" ");
}

function bar({ done, total }: { readonly done: number; readonly total?: number }): string {
  if (total === undefined || total === 0) return "";
  const filled = Math.round(Math.min(1, done / total) * 20);
  return `[${"█".repeat(filled)}${"·".repeat(20 - filled)}]`;
}

function amount(event: Extract<ReportEvent, { readonly type: "step-progress" }>): string {
  const show = (count: number) => (event.unit === "bytes" ? (bytes(count) ?? "") : String(count));
  if (event.total === undefined) return show(event.done);
  const percent = event.total === 0 ? 100 : Math.floor((event.done / event.total) * 100);
  return `${show(event.done)} of ${show(event.total)} (${String(percent)} %)`;
}

function titleOf(event: { readonly title: string; readonly host?: string }): string {
  return printable(event.host === undefined ? event.title : `${event.host}: ${event.title}`);
}

function lineOf(event: Exclude<ReportEvent, { readonly type: "step-progress" }>): string {
  switch (event.type) {
    case "step-started":
      return `◌ ${titleOf(event)}`;
    case "step-skipped":
      return `- ${titleOf(event)}: ${printable(event.reason)}${place(event.totals)}`;
    case "step-done":
      return `✓ ${titleOf(event)} (${duration(event.milliseconds) ?? ""})${place(event.totals)}`;
    case "step-failed":
      return `✗ ${titleOf(event)}: ${printable(event.error)}`;
    case "note": {
      const prefix = event.level === "warn" ? "warning: " : "";
      const host = event.host === undefined ? "" : `${event.host}: `;
      return printable(`${prefix}${host}${event.message}`);
    }
  }
}

function standing(totals: Totals | undefined): string {
  const { done, total } = totals?.steps ?? { done: 0 };
  return total === undefined ? "" : ` [${done} of ${total}]`;
}

/** How many machines have this step behind them, and how far the whole is. */
function place(totals: Totals | undefined): string {
  if (!totals) return "";
  const { hosts, steps } = totals;
  const machines = hosts && hosts.total > 1 ? [`${hosts.done} of ${hosts.total} machines`] : [];
  const all = steps.total === undefined ? [] : [`step ${steps.done} of ${steps.total}`];
  const parts = [...machines, ...all];
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
}

/** A terminal that does not know its width says 0. */
function widthOf({ columns = 0 }: ProgressStream): number {
  return columns > 0 ? columns : 80;
}
