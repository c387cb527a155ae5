export type Level = "ok" | "warn" | "fail";

/** One line of a doctor's answer. */
export interface Finding {
  /** What was looked at: "cluster", "node dev-node-1", "store main". */
  readonly subject: string;
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it; present unless all is well. */
  readonly cure?: string;
}

export function ok(subject: string, check: string, message: string): Finding {
  return { subject, check, level: "ok", message };
}

export function warn(subject: string, check: string, message: string, cure: string): Finding {
  return { subject, check, level: "warn", message, cure };
}

export function fail(subject: string, check: string, message: string, cure: string): Finding {
  return { subject, check, level: "fail", message, cure };
}
