import type { Progress } from "#checkpoint/api/types";
import type { Clock } from "#core/clock";
import type { Reporter } from "#core/report";

export interface PhaseReport {
  /** To be called with each status seen; says what has changed since the last one. */
  seen(status: {
    readonly phase?: string;
    readonly progress?: Progress;
    readonly hints?: readonly string[];
  }): void;
  /** Ends the step under way. */
  end(error?: string): void;
}

/** Turns the phases of an object into steps with progress; phases without a title are quiet. */
export function reportPhases(
  report: Reporter,
  clock: Clock,
  titles: Readonly<Record<string, string>>,
): PhaseReport {
  const hinted = new Set<string>();
  let told: Progress | undefined;
  let current:
    { readonly step: string; readonly title: string; readonly since: number } | undefined;
  const end = (error?: string) => {
    if (!current) return;
    const { step, title, since } = current;
    current = undefined;
    if (error !== undefined) report({ type: "step-failed", step, title, error });
    else report({ type: "step-done", step, title, milliseconds: clock.now() - since });
  };
  const tellProgress = (progress: Progress | undefined) => {
    // A phase begins with the bytes of the one before.
    const isNews = progress?.doneBytes !== told?.doneBytes;
    told = progress;
    if (!current || !progress || !isNews) return;
    const { doneBytes: done, totalBytes: total } = progress;
    const amount = { done, ...(total === undefined ? {} : { total }) };
    report({ type: "step-progress", step: current.step, ...amount, unit: "bytes" });
  };
  return {
    end,
    seen: ({ phase = "Pending", progress, hints = [] }) => {
      const title = titles[phase];
      if (current?.title !== title) end();
      if (title !== undefined && !current) {
        current = { step: phase.toLowerCase(), title, since: clock.now() };
        report({ type: "step-started", step: current.step, title });
      }
      tellProgress(progress);
      for (const message of hints) {
        if (hinted.has(message)) continue;
        hinted.add(message);
        report({ type: "note", level: "info", message });
      }
    },
  };
}
