/**
 * OpenAPI schemas tied to TypeScript types: a field that is added to or taken from a type without
 * its schema does not compile.
 */

export interface Rule {
  readonly rule: string;
  readonly message: string;
}

interface Extras {
  readonly description?: string;
  readonly "x-kubernetes-validations"?: readonly Rule[];
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
}

interface StringSchema extends Extras {
  readonly type: "string";
  readonly enum?: readonly string[];
  readonly format?: "date-time";
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface NumberSchema extends Extras {
  readonly type: "integer" | "number";
  readonly format?: "int64" | "int32";
  readonly minimum?: number;
  readonly enum?: readonly number[];
}

interface BooleanSchema extends Extras {
  readonly type: "boolean";
}

interface ArraySchema<T> extends Extras {
  readonly type: "array";
  readonly items: SchemaFor<T>;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  readonly "x-kubernetes-list-map-keys"?: readonly (keyof T & string)[];
}

interface MapSchema<T> extends Extras {
  readonly type: "object";
  readonly additionalProperties: SchemaFor<T>;
  readonly maxProperties?: number;
}

interface OpenSchema extends Extras {
  readonly type: "object";
  readonly "x-kubernetes-preserve-unknown-fields": true;
  /** The few fields of an open object that are looked at. */
  readonly properties?: Readonly<Record<string, StringSchema>>;
  readonly required?: readonly string[];
}

export interface ObjectSchema<T> extends Extras {
  readonly type: "object";
  readonly properties: { readonly [K in keyof T]-?: SchemaFor<NonNullable<T[K]>> };
  readonly required?: readonly string[];
}

export type SchemaFor<T> = [T] extends [string]
  ? StringSchema
  : [T] extends [number]
    ? NumberSchema
    : [T] extends [boolean]
      ? BooleanSchema
      : T extends readonly (infer Item)[]
        ? ArraySchema<Item>
        : string extends keyof T
          ? unknown extends T[string & keyof T]
            ? OpenSchema
            : MapSchema<T[string & keyof T]>
          : ObjectSchema<T>;

type RequiredKeys<T> = {
  [K in keyof T]-?: undefined extends T[K] ? never : K;
}[keyof T];

/** The schema of `T`; `required` must name exactly the fields that `T` requires. */
export function object<T>(
  required: Readonly<Record<RequiredKeys<T> & string, true>>,
  properties: ObjectSchema<T>["properties"],
  extras: Extras = {},
): ObjectSchema<T> {
  const names = Object.keys(required);
  return {
    type: "object",
    ...extras,
    ...(names.length > 0 ? { required: names } : {}),
    properties,
  };
}
