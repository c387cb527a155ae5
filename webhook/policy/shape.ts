import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";

/** What of a CRD's schema is looked at here; CEL rules are said again in code. */
interface Schema {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
}

/** The API server's check of a value against its schema, for policies that no server has seen. */
export function shapeProblems(value: unknown, schema: object, path: string): readonly Problem[] {
  return problems(value, schema as Schema, path);
}

function problems(value: unknown, schema: Schema, path: string): readonly Problem[] {
  switch (schema.type) {
    case "object":
      return isObject(value)
        ? objectProblems(value, schema, path)
        : wrongType(value, "an object", path);
    case "array":
      return Array.isArray(value)
        ? arrayProblems(value, schema, path)
        : wrongType(value, "a list", path);
    case "string":
      return typeof value === "string"
        ? textProblems(value, schema, path)
        : wrongType(value, "a text", path);
    case "integer":
      return Number.isInteger(value) ? [] : wrongType(value, "a whole number", path);
    default:
      return typeof value === schema.type ? [] : wrongType(value, `a ${schema.type}`, path);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(value: unknown, wanted: string, path: string): readonly Problem[] {
  return [problemOf(path, value, "has the wrong type", `give ${wanted}`)];
}

function objectProblems(value: object, schema: Schema, path: string): readonly Problem[] {
  const { required = [], maxProperties = Infinity } = schema;
  const entries = Object.entries(value);
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => problemOf(`${path}.${name}`, undefined, "is missing", "it is required"));
  const many =
    entries.length > maxProperties
      ? [problemOf(path, undefined, "has too many entries", `give at most ${maxProperties}`)]
      : [];
  const inside = entries.flatMap(([name, child]) => fieldProblems(name, child, schema, path));
  return [...missing, ...many, ...inside];
}

function fieldProblems(
  name: string,
  value: unknown,
  schema: Schema,
  path: string,
): readonly Problem[] {
  const { properties = {}, additionalProperties } = schema;
  const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  if (known) return problems(value, known, `${path}.${name}`);
  if (schema["x-kubernetes-preserve-unknown-fields"]) return [];
  const cure = `known are ${Object.keys(properties).join(", ")}`;
  return [problemOf(`${path}.${name}`, undefined, "is unknown", cure)];
}

function arrayProblems(
  value: readonly unknown[],
  schema: Schema,
  path: string,
): readonly Problem[] {
  const { items, minItems = 0, maxItems = Infinity } = schema;
  if (value.length < minItems) {
    return [problemOf(path, undefined, "has too few entries", `give at least ${minItems}`)];
  }
  if (value.length > maxItems) {
    return [problemOf(path, undefined, "has too many entries", `give at most ${maxItems}`)];
  }
  if (!items) return [];
  return value.flatMap((child, index) => problems(child, items, `${path}[${index}]`));
}

function textProblems(value: string, schema: Schema, path: string): readonly Problem[] {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  if (value.length < minLength) return [problemOf(path, value, "is empty", "give a text")];
  if (value.length > maxLength) {
    return [problemOf(path, value, "is too long", `give at most ${maxLength} characters`)];
  }
  if (schema.enum && !schema.enum.includes(value)) {
    return [problemOf(path, value, "is unknown", `use one of ${schema.enum.join(", ")}`)];
  }
  return pattern !== undefined && !new RegExp(pattern).test(value)
    ? [problemOf(path, value, "is not allowed", `it must match ${pattern}`)]
    : [];
}
