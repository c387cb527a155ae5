/** Texts in Kubernetes' CEL; every name and value goes through `celString`. */

/** A string literal: whatever is in it, it is nothing but a string. */
export function celString(text: string): string {
  const quoted = text.replaceAll(/[\\']/g, "\\$&");
  const printed = quoted.replaceAll(
    /\p{Cc}/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `'${printed}'`;
}

export function celList(values: readonly string[]): string {
  return `[${values.map(celString).join(", ")}]`;
}

/**
 * JSON as CEL maps and lists, for values of patches. Each value in them is `dyn`, since CEL wants all
 * values of a literal to be of one type; typed objects in a list make API servers of 1.36 panic.
 */
export function celValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => dyn(one)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([key, one]) => `${celString(key)}: ${dyn(one)}`);
    return `{${pairs.join(", ")}}`;
  }
  return typeof value === "string" ? celString(value) : JSON.stringify(value);
}

function dyn(value: unknown): string {
  return `dyn(${celValue(value)})`;
}
