import { clusterFields, documentVersion } from "./cluster-fields.ts";
import { below } from "./document.ts";
import type { JsonSchema } from "./field.ts";

export interface ExampleInput {
  readonly name: string;
  readonly provider: string;
  /** Of that provider. */
  readonly settings: JsonSchema;
  /** Names of all providers. */
  readonly providers: readonly string[];
  /** Where an editor finds the JSON Schema. */
  readonly schema: string;
}

/** A document with every field: those that are taken anyway with their values, the others as comments. */
export function exampleDocument({ name, provider, ...input }: ExampleInput): string {
  const given: Given = {
    apiVersion: documentVersion,
    kind: "Cluster",
    "metadata.name": name,
    "spec.provider.name": provider,
    "spec.pools[].name": "workers",
    "spec.packages.bundle": "./bundle",
    ...(provider === "ssh" && {
      "spec.provider.settings.hosts": ["root@10.0.0.4", "root@10.0.0.5"],
    }),
  };
  const replaced: Readonly<Record<string, JsonSchema>> = {
    "spec.provider.settings": input.settings,
    "spec.provider.name": {
      description: `Name of the provider: ${input.providers.join(", ")}.`,
    },
  };
  const { lines } = members(clusterFields.schema, "", { given, replaced });
  return [
    `# yaml-language-server: $schema=${input.schema}`,
    `# ${clusterFields.schema.description ?? ""}`,
    ...lines,
    "",
  ].join("\n");
}

type Given = Readonly<Record<string, unknown>>;
interface Look {
  readonly given: Given;
  readonly replaced: Readonly<Record<string, JsonSchema>>;
}
/** Lines of one field; `active` when they are no comment. */
interface Block {
  readonly lines: readonly string[];
  readonly active: boolean;
}

function members({ properties = {} }: JsonSchema, path: string, look: Look): Block {
  const blocks = Object.entries(properties).map(([name, schema]) => {
    const own = path === "" ? name : below(path, name);
    return field(name, look.replaced[own] ?? schema, own, look);
  });
  const active = blocks.some((one) => one.active);
  return {
    active,
    lines: blocks.flatMap((one) =>
      // What stands in a comment is one already.
      active && !one.active ? one.lines.map((line) => `# ${line}`) : one.lines,
    ),
  };
}

function field(name: string, schema: JsonSchema, path: string, look: Look): Block {
  const note = schema.description === undefined ? "" : ` # ${schema.description}`;
  const head = `${name}:${note}`;
  if (schema.properties) {
    const { lines, active } = members(schema, path, look);
    return { lines: [head, ...indented(lines)], active };
  }
  const { items } = schema;
  if (items?.properties) {
    const { lines, active } = members(items, `${path}[]`, look);
    return { lines: [head, ...indented(entry(lines))], active };
  }
  const given = look.given[path];
  const values = given ?? schema.default ?? (items ? [sample(items)] : sample(schema));
  const active = given !== undefined || schema.default !== undefined;
  if (Array.isArray(values)) {
    return { lines: [head, ...indented(values.flatMap((one) => entry([plain(one)])))], active };
  }
  if (typeof values === "object" && values !== null) {
    const pairs = Object.entries(values).map(([key, one]) => `${key}: ${plain(one)}`);
    return { lines: [head, ...indented(pairs)], active };
  }
  return { lines: [`${name}: ${plain(values)}${note}`], active };
}

function sample({ examples, enum: choices, minimum }: JsonSchema): unknown {
  return examples?.[0] ?? choices?.[0] ?? minimum ?? false;
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

function entry([first = "", ...rest]: readonly string[]): readonly string[] {
  return [`- ${first}`, ...indented(rest)];
}

/** Texts that YAML would not read as texts stand in quotes. */
function plain(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[a-zA-Z~./][\w./:@~-]*$|^\d+\.\d+\.\d+\.\d+\/\d+$/.test(value) &&
    !/^(true|false|null)$/.test(value)
    ? value
    : JSON.stringify(value);
}
