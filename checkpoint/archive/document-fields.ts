import { ClouderError } from "#core/error";
import { printable } from "#core/redact";

/**
 * Strict reading of JSON that came out of a store: whoever can write to the store could have
 * written anything. Every complaint is `integrity` and names document and field.
 */
export interface Field {
  readonly path: string;
  readonly value: unknown;
}

/** Parses `text` as the JSON object called `name`. */
export function parseDocument(name: string, text: string): Field {
  try {
    return { path: name, value: JSON.parse(text) };
  } catch (error) {
    throw new ClouderError("integrity", `${name} is not JSON`, { cause: error });
  }
}

export function wrong(field: Field, wanted: string): ClouderError {
  return new ClouderError("integrity", `${printable(field.path)} is not ${wanted}`);
}

export function objectOf(field: Field): Readonly<Record<string, unknown>> {
  if (typeof field.value !== "object" || field.value === null || Array.isArray(field.value)) {
    throw wrong(field, "an object");
  }
  return field.value as Record<string, unknown>;
}

export function at(field: Field, key: string): Field {
  const object = objectOf(field);
  return {
    path: `${field.path}: ${key}`,
    value: Object.hasOwn(object, key) ? object[key] : undefined,
  };
}

export function textOf(field: Field, form?: RegExp): string {
  const { value } = field;
  if (typeof value !== "string" || value.length > 1024 * 1024) throw wrong(field, "a text");
  if (form !== undefined && !form.test(value)) throw wrong(field, `of the form ${form.source}`);
  return value;
}

/** A whole number between zero and 2^53. */
export function countOf(field: Field, most = Number.MAX_SAFE_INTEGER): number {
  const { value } = field;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > most) {
    throw wrong(field, `a whole number up to ${most}`);
  }
  return value;
}

export function numberOf(field: Field): number {
  if (typeof field.value !== "number" || !Number.isFinite(field.value))
    throw wrong(field, "a number");
  return field.value;
}

export function oneOf<T extends string | number>(field: Field, values: readonly T[]): T {
  const found = values.find((value) => value === field.value);
  if (found === undefined) throw wrong(field, `one of ${values.join(", ")}`);
  return found;
}

/** Absent values give undefined. */
export function optional<T>(field: Field, read: (field: Field) => T): T | undefined {
  return field.value === undefined ? undefined : read(field);
}

export function listOf<T>(field: Field, most: number, read: (field: Field) => T): T[] {
  if (!Array.isArray(field.value)) throw wrong(field, "a list");
  if (field.value.length > most) throw wrong(field, `a list of at most ${most}`);
  return field.value.map((value: unknown, n) => read({ path: `${field.path}[${n}]`, value }));
}

export function mapOf<T>(field: Field, most: number, read: (field: Field) => T): Record<string, T> {
  const entries = Object.entries(objectOf(field));
  if (entries.length > most) throw wrong(field, `an object of at most ${most} fields`);
  return Object.fromEntries(entries.map(([key]) => [key, read(at(field, key))]));
}

export const sha256Form = /^[0-9a-f]{64}$/;

/** Refuses documents of a format that this version does not know. */
export function requireFormat(document: Field): 1 {
  const format = at(document, "format");
  if (format.value === 1) return 1;
  if (typeof format.value !== "number") throw wrong(format, "a format number");
  throw new ClouderError(
    "unsupported",
    `${document.path} has format ${format.value}; this version reads format 1`,
    { hint: "use a newer version of kubectl-clouder" },
  );
}
