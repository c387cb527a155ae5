import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { crds } from "#checkpoint/api/crds";
import { containerEndpoints } from "#checkpoint/api/endpoint";
import { checkpoints, checkpointStores, restores } from "#checkpoint/api/types";
import { crdFiles } from "../../../../manifests.ts";

const folder = join(import.meta.dirname, "../../../../manifests/crds");

type Tree = Readonly<Record<string, unknown>>;

/** All schema nodes with their paths. */
function* nodesOf(schema: Tree, path = ""): Generator<readonly [string, Tree]> {
  yield [path, schema];
  const { properties, items, additionalProperties } = schema;
  for (const [name, child] of Object.entries((properties ?? {}) as Record<string, Tree>)) {
    yield* nodesOf(child, `${path}.${name}`);
  }
  if (items) yield* nodesOf(items as Tree, `${path}[]`);
  if (additionalProperties) yield* nodesOf(additionalProperties as Tree, `${path}.*`);
}

function schemaOf(crd: (typeof crds)[number]): Tree {
  const [version] = crd.spec["versions"] as readonly { schema: { openAPIV3Schema: Tree } }[];
  return version!.schema.openAPIV3Schema;
}

describe("the CRDs", () => {
  it("are what manifests/crds holds, file by file", () => {
    const files = crdFiles();
    expect(readdirSync(folder).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) {
      expect(readFileSync(join(folder, name), "utf8"), "run: npm run manifests").toBe(text);
    }
  });

  it("are of the kinds the program reads and writes", () => {
    const kinds = [checkpoints, restores, checkpointStores, containerEndpoints];
    expect(crds.map(({ spec }) => [spec["group"], spec["scope"]])).toEqual(
      kinds.map(({ apiVersion, namespaced }) => [
        apiVersion.split("/")[0],
        namespaced ? "Namespaced" : "Cluster",
      ]),
    );
    expect(crds.map(({ metadata }) => metadata.name)).toEqual(
      kinds.map(({ plural }) => `${plural}.clouder.datalayer.io`),
    );
  });

  it.each(crds.map((crd) => [crd.metadata.name, crd] as const))(
    "%s has a structural schema: every node has a type, required fields exist",
    (_name, crd) => {
      for (const [path, node] of nodesOf(schemaOf(crd))) {
        expect(typeof node["type"], path).toBe("string");
        const properties = (node["properties"] ?? {}) as Tree;
        for (const name of (node["required"] ?? []) as readonly string[]) {
          expect(properties, path).toHaveProperty(name);
        }
      }
    },
  );

  it("have a status subresource and columns that point at fields of the schema", () => {
    for (const crd of crds) {
      const [version] = crd.spec["versions"] as readonly {
        subresources: object;
        additionalPrinterColumns: readonly { jsonPath: string }[];
      }[];
      expect(version?.subresources).toEqual({ status: {} });
      const paths = new Set([...nodesOf(schemaOf(crd))].map(([path]) => path));
      for (const { jsonPath } of version!.additionalPrinterColumns) {
        const plain = jsonPath.replace(/\[\?\(.*?\)\]/, "[]");
        expect(plain.startsWith(".metadata") || paths.has(plain), jsonPath).toBe(true);
      }
    }
  });

  it("let a recorded pod through unchanged", () => {
    const restore = crds.find(({ metadata }) => metadata.name.startsWith("restores"));
    const template = [...nodesOf(schemaOf(restore!))].find(
      ([path]) => path === ".status.podTemplate.spec",
    );
    expect(template?.[1]).toMatchObject({ "x-kubernetes-preserve-unknown-fields": true });
  });
});
