/**
 * The one error type of the product. Membership is by brand, so that it survives
 * duplicate copies of this module in separately bundled chunks.
 */
const brand = Symbol.for("clouder.error");

/** Closed list of error codes; each code's exit status is in {@link exitStatus}. */
export const errorCodes = [
  "usage",
  "config",
  "not-found",
  "exists",
  "denied",
  "unauthenticated",
  "unsupported",
  "unreachable",
  "timeout",
  "busy",
  "no-space",
  "remote-command",
  "criu",
  "integrity",
  "refused",
  "conflict",
  "cancelled",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorInit {
  /** What the user can do about it: one sentence or a command. */
  readonly hint?: string;
  /** True when the same call may succeed later without any change by the user. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Small facts for `-o json` and logs; never secrets, never whole documents. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/**
 * An expected failure. `message` starts in lower case, has no full stop, names the wrong
 * value; `hint` says the cure. Anything thrown that is not a ClouderError is a bug of ours.
 */
export class ClouderError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>;

  constructor(code: ErrorCode, message: string, init: ErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "ClouderError";
    this.code = code;
    this.hint = init.hint;
    this.retryable = init.retryable ?? false;
    this.details = init.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a ClouderError of any copy of this module. */
export function isClouderError(value: unknown): value is ClouderError {
  return typeof value === "object" && value !== null && brand in value;
}

/** True when `value` is a ClouderError with one of the given codes. */
export function hasCode(value: unknown, ...codes: readonly ErrorCode[]): value is ClouderError {
  return isClouderError(value) && codes.includes(value.code);
}

/** Exit status of the process: 1 expected failure, 2 usage, 70 a bug of ours, 130 cancelled. */
export function exitStatus(error: unknown): 1 | 2 | 70 | 130 {
  if (!isClouderError(error)) return 70;
  if (error.code === "usage") return 2;
  if (error.code === "cancelled") return 130;
  return error.code === "internal" ? 70 : 1;
}

/** The text of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws `cancelled` when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClouderError("cancelled", "cancelled");
}
