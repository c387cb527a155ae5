import { ClouderError } from "#core/error";

/** One place of a user's document, for error messages: "spec.pools[0].count". */
export interface Place {
  readonly path: string;
  readonly value: unknown;
}

type Shape = Readonly<Record<string, unknown>>;

/** A wrong field: names the place and the value. */
export function wrongField(path: string, problem: string, hint?: string): ClouderError {
  return new ClouderError("config", `${path} ${problem}`, hint === undefined ? {} : { hint });
}

/** An object with no other fields than `known`; absent gives an empty one. */
export function fields(place: Place, known: readonly string[]): Shape {
  const { path, value } = place;
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw wrongField(path, `must be an object, not ${shown(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw wrongField(`${path}.${name}`, "is not a known field", `known: ${known.join(", ")}`);
    }
  }
  return value as Shape;
}

/** A string or absent. */
export function text({ path, value }: Place): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "") {
    throw wrongField(path, `must be a text, not ${shown(value)}`);
  }
  return value;
}

/** A whole number in a range, or absent. */
export function wholeNumber({ path, value }: Place, least: number, most: number) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw wrongField(path, `must be a whole number from ${least} to ${most}, not ${shown(value)}`);
  }
  return value;
}

/** true, false or absent. */
export function truth({ path, value }: Place): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean")
    throw wrongField(path, `must be true or false, not ${shown(value)}`);
  return value;
}

/** A list or absent. */
export function list({ path, value }: Place): readonly Place[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongField(path, `must be a list, not ${shown(value)}`);
  return value.map((one: unknown, index) => ({ path: `${path}[${index}]`, value: one }));
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  return (json ?? String(value)).slice(0, 60);
}
