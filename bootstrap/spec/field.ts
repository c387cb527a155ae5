import {
  below,
  fields,
  list,
  shown,
  text,
  truth,
  wholeNumber,
  wrongField,
  type Place,
} from "./document.ts";

import { nearest } from "#core/nearest";

/** What is used of JSON Schema, draft 7: the one that editors know best. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly [keyword: string]: unknown;
}

/** One entry of a field table: reads the value strictly, and says the same as JSON Schema. */
export interface Field<T> {
  readonly schema: JsonSchema;
  /** The value at a place; undefined when it is absent; `config` names what is wrong. */
  readonly read: (place: Place) => T | undefined;
}

/** What a field holds. */
export type Value<F> = F extends Field<infer T> ? T : never;

interface About {
  readonly description: string;
  /** For editors only: who reads the document fills it in. */
  readonly default?: unknown;
}

interface TextAbout extends About {
  readonly example?: string;
}

interface NumberAbout extends About {
  readonly least: number;
  readonly most: number;
  readonly example?: number;
}

/** How a text must look. */
export interface Pattern {
  readonly pattern: RegExp;
  /** What it is called: "is not an IPv4 network". */
  readonly named: string;
  readonly example: string;
  readonly longest?: number;
}

/** A text. */
export function textField(about: TextAbout, like?: Pattern): Field<string> {
  const { description, default: standard } = about;
  const example = about.example ?? like?.example;
  return {
    schema: {
      ...{ description, type: "string", minLength: 1 },
      ...(like && { pattern: like.pattern.source }),
      ...(example !== undefined && { examples: [example] }),
      ...(like?.longest !== undefined && { maxLength: like.longest }),
      ...(standard !== undefined && { default: standard }),
    },
    read: (place) => {
      const value = text(place);
      if (value === undefined || !like) return value;
      if (like.pattern.test(value) && value.length <= (like.longest ?? Infinity)) return value;
      throw wrongField(place.path, `"${value}" ${like.named}`, `use for example ${like.example}`);
    },
  };
}

/** One of a few words or numbers. */
export function choiceField<const T extends string | number>(
  about: About,
  choices: readonly T[],
): Field<T> {
  return {
    schema: { ...about, enum: choices },
    read: ({ path, value }) => {
      if (value === undefined) return undefined;
      const chosen = choices.find((one) => one === value);
      if (chosen !== undefined) return chosen;
      const all = choices.join(", ");
      const must = choices.length === 1 ? `must be ${all}` : `must be one of ${all}`;
      const [near] = typeof value === "string" ? nearest(value, choices.map(String)) : [];
      const hint = `use ${choices.join(" or ")}`;
      const meant =
        near === undefined || choices.length === 1 ? hint : `did you mean ${near}? ${hint}`;
      throw wrongField(path, `${must}, not ${shown(value)}`, meant);
    },
  };
}

/** A whole number. */
export function numberField(about: NumberAbout): Field<number> {
  const { least, most, example, ...rest } = about;
  return {
    schema: {
      ...{ ...rest, type: "integer", minimum: least, maximum: most },
      ...(example !== undefined && { examples: [example] }),
    },
    read: (place) => wholeNumber(place, least, most),
  };
}

/** true or false. */
export function truthField(about: About): Field<boolean> {
  return { schema: { ...about, type: "boolean" }, read: truth };
}

/** A list; an empty section (`pools:` and nothing below it) counts as absent. */
export function listField<T>(about: About, item: Field<T>): Field<readonly T[]> {
  return {
    schema: { ...about, type: ["array", "null"], items: item.schema },
    read: (place) =>
      list(place)?.map((one) => {
        const value = item.read(one);
        if (value === undefined) throw wrongField(one.path, "is empty", "take the entry away");
        return value;
      }),
  };
}

/** What an object of fields holds. */
export type Members<F, R> = {
  readonly [K in keyof F]: K extends R ? Value<F[K]> : Value<F[K]> | undefined;
};

/** An object with these fields and no others; absent and empty give undefined. */
export function objectField<
  const F extends Readonly<Record<string, Field<unknown>>>,
  const R extends keyof F & string = never,
>(about: About, members: F, required: readonly R[] = []): Field<Members<F, R>> {
  const names = Object.keys(members);
  return {
    schema: {
      ...about,
      type: required.length > 0 ? "object" : ["object", "null"],
      properties: Object.fromEntries(
        Object.entries(members).map(([name, { schema }]) => [name, schema]),
      ),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    },
    read: (place) => {
      const { path, value } = place;
      if (value === undefined || (value === null && required.length === 0)) return undefined;
      const given = fields(place, names);
      for (const name of required) {
        if (given[name] === undefined) {
          throw wrongField(below(path, name), "is missing", `add ${name}: to it`);
        }
      }
      return Object.fromEntries(
        names.map((name) => [
          name,
          members[name]?.read({ path: below(path, name), value: given[name] }),
        ]),
      ) as Members<F, R>;
    },
  };
}

/** Texts by names of the user's. */
export function mapField(
  about: About,
  names: Pattern,
  values: Pattern,
): Field<Readonly<Record<string, string>>> {
  return {
    schema: {
      ...about,
      type: ["object", "null"],
      examples: [{ [names.example]: values.example }],
      propertyNames: { pattern: names.pattern.source },
      additionalProperties: { type: "string", pattern: values.pattern.source },
    },
    read: (place) => {
      const { path, value } = place;
      if (value === undefined || value === null) return undefined;
      const given = fields(place, Object.keys(value));
      return Object.fromEntries(
        Object.entries(given).map(([name, one]) => {
          const at = `${path}.${name}`;
          const use = (like: Pattern) => `use for example ${like.example}`;
          if (!names.pattern.test(name)) throw wrongField(at, names.named, use(names), "key");
          if (typeof one !== "string") {
            throw wrongField(
              at,
              `must be a text in quotes, not ${shown(one)}`,
              `write "${shown(one)}"`,
            );
          }
          if (!values.pattern.test(one))
            throw wrongField(at, `"${one}" ${values.named}`, use(values));
          return [name, one];
        }),
      );
    },
  };
}

/** An object whose fields somebody else reads. */
export function openField(about: About): Field<Readonly<Record<string, unknown>>> {
  return {
    schema: { ...about, type: ["object", "null"] },
    read: (place) => {
      const { value } = place;
      if (value === undefined || value === null) return undefined;
      return typeof value === "object" && !Array.isArray(value)
        ? (value as Readonly<Record<string, unknown>>)
        : fields(place, []);
    },
  };
}
