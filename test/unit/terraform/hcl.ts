import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The modules of terraform/, read by HashiCorp's own parser of HCL (compiled to WebAssembly). */

// By import, its types would declare the browser's globals for the whole repository.
const { parse } = createRequire(import.meta.url)("@cdktf/hcl2json") as {
  readonly parse: (name: string, text: string) => Promise<Readonly<Record<string, unknown>>>;
};

export const terraformFolder = join(import.meta.dirname, "../../../terraform");

type Fields = Readonly<Record<string, unknown>>;
/** Blocks by label: each label holds a list of bodies. */
type Labelled = Readonly<Record<string, readonly Fields[]>>;

export interface TerraformModule {
  readonly name: string;
  readonly resource: Readonly<Record<string, Labelled>>;
  readonly data: Readonly<Record<string, Labelled>>;
  readonly variable: Labelled;
  readonly output: Labelled;
  readonly module: Labelled;
  readonly provider: Labelled;
  readonly locals: Fields;
  /** Every expression of the module. */
  readonly expressions: readonly string[];
}

/** Reads all .tf files of a module as one. */
export async function readModule(name: string): Promise<TerraformModule> {
  const folder = join(terraformFolder, name);
  const files = readdirSync(folder).filter((file) => file.endsWith(".tf"));
  const parts = await Promise.all(
    files.map(async (file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return (await parse(join(name, file), text)) as Readonly<Record<string, Fields>>;
    }),
  );
  const merged = (kind: string) =>
    Object.assign({}, ...parts.map((part) => part[kind] ?? {})) as never;
  const nested = (kind: string) => {
    const all: Record<string, Labelled> = {};
    for (const part of parts) {
      for (const [type, named] of Object.entries(part[kind] ?? {})) {
        all[type] = { ...all[type], ...(named as Labelled) };
      }
    }
    return all;
  };
  const locals = parts.flatMap(({ locals: one }) => (one ?? []) as unknown as readonly Fields[]);
  return {
    name,
    resource: nested("resource"),
    data: nested("data"),
    variable: merged("variable"),
    output: merged("output"),
    module: merged("module"),
    provider: merged("provider"),
    locals: Object.assign({}, ...locals) as Fields,
    expressions: parts.flatMap((part) => [...expressionsOf(part)]),
  };
}

function* expressionsOf(value: unknown): Generator<string> {
  if (typeof value === "string") {
    if (value.includes("${")) yield value;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      if (key.includes("${")) yield key;
      yield* expressionsOf(one);
    }
  }
}

/** What expressions point at: `var.x`, `local.x`, `data.t.n`, `module.n.o`, `type.name`. */
export function referencesOf({ expressions }: TerraformModule): ReadonlySet<string> {
  const patterns = [
    /(?<![\w.])(?:var|local)\.\w+/g,
    /(?<![\w.])data\.\w+\.\w+/g,
    /(?<![\w.])module\.\w+\.\w+/g,
    /(?<![\w.])(?:aws|azurerm|local)_\w+\.\w+/g,
  ];
  return new Set(expressions.flatMap((text) => patterns.flatMap((one) => text.match(one) ?? [])));
}

/** All resources as `type.name` with their bodies. */
export function resourcesOf({ resource }: TerraformModule): readonly (readonly [string, Fields])[] {
  return Object.entries(resource).flatMap(([type, named]) =>
    Object.entries(named).map(([name, [body = {}]]) => [`${type}.${name}`, body] as const),
  );
}
