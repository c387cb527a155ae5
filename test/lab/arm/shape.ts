import { Refusal } from "./refusal.ts";

/** What a body may hold, by hand from Azure's REST specification. */
export type Shape =
  | "text"
  | "number"
  | "truth"
  /** Taken as it is: parts that no test is about. */
  | "any"
  /** `{ id }` of a resource. */
  | "reference"
  | { readonly choice: readonly string[] }
  | { readonly list: Shape }
  | { readonly map: Shape }
  | {
      readonly fields: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      /** What the server fills in: taken and ignored. */
      readonly readOnly?: readonly string[];
    };

/** Fails as ARM does when a body lacks a property, has an unknown one or a value of another kind. */
export function checkShape(shape: Shape, value: unknown, path = ""): void {
  if (value === null) return;
  if (shape === "any") return;
  if (typeof shape === "string") checkPlain(shape, value, path);
  else if ("choice" in shape) {
    if (typeof value !== "string" || !has(shape.choice, value)) {
      throw wrong(path, `${JSON.stringify(value)} is not one of ${shape.choice.join(", ")}`);
    }
  } else if ("list" in shape) {
    if (!Array.isArray(value)) throw wrong(path, "an array is expected");
    value.forEach((one, index) => {
      checkShape(shape.list, one, `${path}[${index}]`);
    });
  } else if ("map" in shape) {
    for (const [key, one] of Object.entries(object(value, path))) {
      checkShape(shape.map, one, `${path}.${key}`);
    }
  } else {
    checkFields(shape, object(value, path), path);
  }
}

function checkFields(
  { fields, required = [], readOnly = [] }: Extract<Shape, { fields: unknown }>,
  value: Readonly<Record<string, unknown>>,
  path: string,
): void {
  const known = new Map(Object.entries(fields).map(([name, one]) => [name.toLowerCase(), one]));
  for (const [name, one] of Object.entries(value)) {
    const shape = known.get(name.toLowerCase());
    if (shape !== undefined) checkShape(shape, one, join(path, name));
    else if (!has(readOnly, name)) {
      throw new Refusal(
        400,
        "InvalidRequestContent",
        `Could not find member '${name}' on object at '${path}'.`,
      );
    }
  }
  for (const name of required) {
    if ((value[name] ?? undefined) === undefined) {
      throw new Refusal(
        400,
        "InvalidParameter",
        `Required parameter '${join(path, name)}' is missing (null).`,
      );
    }
  }
}

function checkPlain(shape: string, value: unknown, path: string): void {
  if (shape === "reference") {
    const { id } = object(value, path);
    if (typeof id !== "string" || !/^\/subscriptions\//i.test(id)) {
      throw wrong(`${path}.id`, "a resource id is expected");
    }
    return;
  }
  const kinds: Readonly<Record<string, string>> = {
    text: "string",
    number: "number",
    truth: "boolean",
  };
  if (typeof value !== kinds[shape]) throw wrong(path, `a ${kinds[shape] ?? ""} is expected`);
}

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(path, "an object is expected");
  }
  return value as Readonly<Record<string, unknown>>;
}

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
/** ARM compares names without case. */
const has = (names: readonly string[], name: string): boolean =>
  names.some((one) => one.toLowerCase() === name.toLowerCase());
const wrong = (path: string, problem: string): Refusal =>
  new Refusal(400, "InvalidRequestFormat", `Cannot parse the request at '${path}': ${problem}.`);
