import { ClouderError } from "#core/error";
import { nearest } from "#core/nearest";

/** One place of a user's document, for error messages: "spec.pools[0].count". */
export interface Place {
  readonly path: string;
  readonly value: unknown;
}

type Shape = Readonly<Record<string, unknown>>;

const everyField = "kubectl clouder cluster init prints a document with every field";

/**
 * A wrong field: names the place and the value. Whoever read the document adds line and column
 * from `details.path`; with `at: "key"` the field's name is wrong, not its value.
 */
export function wrongField(
  path: string,
  problem: string,
  hint: string = everyField,
  at: "key" | "value" = "value",
): ClouderError {
  return new ClouderError("config", `${path} ${problem}`, { hint, details: { path, at } });
}

/** An object with no other fields than `known`; absent gives an empty one. */
export function fields(place: Place, known: readonly string[]): Shape {
  const { path, value } = place;
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw wrongField(path, `must be an object, not ${shown(value)}`, objectHint(known));
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw unknownField(path, name, known);
  }
  return value as Shape;
}

function unknownField(path: string, name: string, known: readonly string[]): ClouderError {
  const [near] = nearest(
    name.toLowerCase(),
    known.map((one) => one.toLowerCase()),
  );
  const meant = known.find((one) => one.toLowerCase() === near);
  const list = `known: ${known.join(", ")}`;
  const hint = meant === undefined ? list : `did you mean ${meant}? ${list}`;
  return wrongField(below(path, name), "is not a known field", hint, "key");
}

/** The path of the whole document, which is no part of other paths. */
export const wholeDocument = "the document";

/** The path of a member. */
export function below(path: string, name: string): string {
  return path === wholeDocument ? name : `${path}.${name}`;
}

/** A string or absent. */
export function text({ path, value }: Place): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") {
    const hint = ["number", "boolean"].includes(typeof value)
      ? `put it in quotes: "${shown(value)}"`
      : giveOrDrop;
    throw wrongField(path, `must be a text, not ${shown(value)}`, hint);
  }
  return value;
}

/** A whole number in a range, or absent. */
export function wholeNumber({ path, value }: Place, least: number, most: number) {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    const hint = typeof value === "string" ? "write it without quotes" : giveOrDrop;
    const problem = `must be a whole number from ${least} to ${most}, not ${shown(value)}`;
    throw wrongField(path, problem, hint);
  }
  return value;
}

/** true, false or absent. */
export function truth({ path, value }: Place): boolean | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "boolean") {
    throw wrongField(path, `must be true or false, not ${shown(value)}`, "write it without quotes");
  }
  return value;
}

/** A list or absent. */
export function list({ path, value }: Place): readonly Place[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) {
    throw wrongField(path, `must be a list, not ${shown(value)}`, "begin each entry with a hyphen");
  }
  return value.map((one: unknown, index) => ({ path: `${path}[${index}]`, value: one }));
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  return (json ?? String(value)).slice(0, 60);
}

/** The cure of a value that does not fit, in a document. */
export const giveOrDrop = "give a value that fits, or take the line away for the default";

function objectHint(known: readonly string[]): string {
  return known.length === 0 ? "write name: value below it" : `its fields are ${known.join(", ")}`;
}
