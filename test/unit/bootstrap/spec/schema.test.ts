import { readFileSync, readdirSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { clusterSchemaFile } from "../../../../manifests.ts";
import { providers } from "#bootstrap/providers/registry";
import { documentVersion } from "#bootstrap/spec/cluster-fields";
import { exampleDocument } from "#bootstrap/spec/example";
import type { JsonSchema } from "#bootstrap/spec/field";
import { loadSpec } from "#bootstrap/spec/load";
import { readSource } from "#bootstrap/spec/read-source";
import { wrongSpecs } from "#test/fixtures/wrong-clusters";

const file = "schemas/cluster-v1alpha1.json";
const schema = JSON.parse(readFileSync(file, "utf8")) as JsonSchema;
const validate = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(
  schema,
);
const faults = (document: unknown) => {
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};
const around = (spec: object) => ({ apiVersion: documentVersion, kind: "Cluster", spec });
const names = Object.keys(providers) as (keyof typeof providers)[];
const defaults = { kubernetesVersion: "v1.36.3", bundle: "/bundle" };

const documented = readdirSync("docs")
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) =>
    [...readFileSync(`docs/${name}`, "utf8").matchAll(/```yaml\n(.*?)```/gs)]
      .map(([, text = ""]) => text)
      .filter((text) => /^kind: Cluster$/m.test(text))
      .map((text, index) => [`${name}, number ${String(index + 1)}`, text] as const),
  );

/** The schema's settings of one provider. */
async function example(provider: keyof typeof providers) {
  const { settingFields } = await providers[provider].load();
  return exampleDocument({
    ...{ name: "lab", provider, providers: names, schema: `./${file}` },
    settings: settingFields.schema,
  });
}

test("the shipped schema is the one that the field tables give; else: npm run manifests", async () => {
  expect(readFileSync(file, "utf8")).toBe(await clusterSchemaFile());
});

describe("every example in docs", () => {
  test("there are some", () => {
    expect(documented.length).toBeGreaterThan(0);
  });

  test.each(documented)("%s is read by the program and by the schema", async (_name, text) => {
    const spec = loadSpec({ source: await readSource(text, "doc"), flags: {}, defaults });
    const provider = await providers[spec.provider.name as keyof typeof providers].load();
    const settings = { path: "spec.provider.settings", value: spec.provider.settings };
    expect(provider.settingFields.read(settings)).toBeDefined();
    expect(faults(parse(text))).toEqual([]);
  });
});

describe.each(names)("the example for %s", (name) => {
  test("is read by the program and by the schema", async () => {
    const text = await example(name);
    const spec = loadSpec({ source: await readSource(text, "init"), flags: {}, defaults });
    expect(spec).toMatchObject({ name: "lab", provider: { name } });
    expect(text.split("\n")[0]).toBe(`# yaml-language-server: $schema=./${file}`);
    expect(faults(parse(text))).toEqual([]);
  });

  test("has every field, and each comment can be made a field", async () => {
    const [, , ...lines] = (await example(name)).split("\n");
    const whole = lines.map((line) => line.replace(/^(\s*(?:- )?)# /, "$1")).join("\n");
    const document = parse(whole) as { spec: Record<string, object> };
    expect(faults(document)).toEqual([]);
    const spec = (schema.properties?.["spec"]?.properties ?? {}) as Record<string, JsonSchema>;
    expect(Object.keys(document.spec)).toEqual(Object.keys(spec));
    const { settingFields } = await providers[name].load();
    expect(Object.keys((document.spec["provider"] as { settings: object }).settings)).toEqual(
      Object.keys(settingFields.schema.properties ?? {}),
    );
  });
});

test.each(wrongSpecs.filter(([, , knows]) => knows === "schema"))(
  "an editor marks %j, too",
  (spec) => {
    expect(faults(around(spec))).not.toEqual([]);
  },
);

test.each([
  [{ provider: { name: "moon" } }],
  [{ provider: { settings: { bind: [] } } }],
  [{ provider: { name: "local", settings: { subnet: "10.0.0.0/16" } } }],
  [{ provider: { name: "ssh", settings: { hosts: ["user@"] } } }],
  [{ provider: { name: "ssh", settings: { region: "us-east-1" } } }],
  [{ provider: { name: "aws", settings: { regoin: "us-east-1" } } }],
  [{ provider: { name: "aws", settings: { osDiskSize: 10 } } }],
])("an editor knows the settings of each provider: %j", (spec) => {
  expect(faults(around(spec))).not.toEqual([]);
});

test.each([[[]], [{ kind: "Cluster" }], [{ apiVersion: "v1", kind: "Cluster" }], [null]])(
  "an editor marks the document %j",
  (document) => {
    expect(faults(document)).not.toEqual([]);
  },
);
