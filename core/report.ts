/** How far a plan of many steps on many machines is. */
export interface Totals {
  /** Machines on which this step has ended, of those that it concerns. */
  readonly hosts?: { readonly done: number; readonly total: number };
  /** Steps that have ended, one for each machine; the total is absent while machines are not known. */
  readonly steps: { readonly done: number; readonly total?: number };
}

/**
 * Events that jobs emit. The domain never prints: a reporter decides what a terminal,
 * a log or a machine reader gets to see. Events hold no secrets.
 */
export type ReportEvent =
  | {
      readonly type: "step-started";
      readonly step: string;
      readonly title: string;
      readonly host?: string;
    }
  | {
      readonly type: "step-progress";
      readonly step: string;
      readonly host?: string;
      readonly done: number;
      /** Absent when it is not known yet. */
      readonly total?: number;
      readonly unit: "bytes" | "items";
    }
  | {
      readonly type: "step-skipped";
      readonly step: string;
      readonly title: string;
      readonly host?: string;
      readonly reason: string;
      readonly totals?: Totals;
    }
  | {
      readonly type: "step-done";
      readonly step: string;
      readonly title: string;
      readonly host?: string;
      readonly milliseconds: number;
      readonly totals?: Totals;
    }
  | {
      readonly type: "step-failed";
      readonly step: string;
      readonly title: string;
      readonly host?: string;
      readonly error: string;
      readonly totals?: Totals;
    }
  | {
      readonly type: "note";
      readonly level: "debug" | "info" | "warn";
      readonly message: string;
      readonly host?: string;
    };

/** Receives events; must not throw and must return at once. */
export type Reporter = (event: ReportEvent) => void;

/** Drops every event. */
export const silent: Reporter = () => undefined;

/** Runs `work` between step-started and step-done / step-failed, and gives back its result. */
export async function reportStep<T>(
  report: Reporter,
  step: { readonly step: string; readonly title: string; readonly host?: string },
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  report({ type: "step-started", ...step });
  try {
    const result = await work();
    report({ type: "step-done", ...step, milliseconds: Math.round(performance.now() - started) });
    return result;
  } catch (error) {
    report({
      type: "step-failed",
      ...step,
      error: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}
