import { isClouderError, messageOf } from "#core/error";

/** One line of JSON; fields hold names, sizes and times, never contents or credentials. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Readonly<Record<string, string | number | boolean | undefined>>,
) => void;

/** Writes each entry as one line. */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  return (level, message, fields = {}) => {
    write(
      `${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`,
    );
  };
}

/** An error as log fields. */
export function errorFields(error: unknown): Readonly<Record<string, string | undefined>> {
  return isClouderError(error)
    ? { code: error.code, error: error.message, hint: error.hint }
    : { code: "internal", error: messageOf(error) };
}
