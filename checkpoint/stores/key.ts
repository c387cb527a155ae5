import { ClouderError, throwIfCancelled } from "#core/error";
import { printable } from "#core/redact";

/** Gives the key back when it keeps the port's law, else `usage`. */
export function validKey(key: string): string {
  const segments = key.split("/");
  const bad = segments.some((part) => part === "" || part === "." || part === "..");

  if (bad || key.length > 900 || /[\x00-\x1f\x7f\\]/.test(key)) {
    throw new ClouderError("usage", `"${printable(key)}" is no key of a store`);
  }
  return key;
}

/** A prefix is empty or any beginning of a key; it need not end at a slash. */
export function validPrefix(prefix: string): string {
  if (prefix !== "") validKey(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
  return prefix;
}

/** Bytes asked for, or `usage`. */
export function validRange(options: { readonly offset?: number; readonly length?: number } = {}): {
  readonly offset: number;
  readonly length?: number;
} {
  const { offset = 0, length } = options;
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (!whole(offset) || (length !== undefined && !whole(length))) {
    throw new ClouderError("usage", `no range: offset ${offset}, length ${length ?? "to the end"}`);
  }
  return { offset, ...(length === undefined ? {} : { length }) };
}

/** Gives the chunks on and stops with `cancelled` once the signal is aborted. */
export async function* untilCancelled<T>(
  chunks: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  throwIfCancelled(signal);
  try {
    for await (const chunk of chunks) {
      throwIfCancelled(signal);
      yield chunk;
    }
  } catch (error) {
    // Whatever broke because of it: a socket that was closed, a stream that ended early.
    throwIfCancelled(signal);
    throw error;
  }
}
