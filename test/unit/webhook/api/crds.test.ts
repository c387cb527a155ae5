import { describe, expect, it } from "vitest";
import { injectionCrds } from "#webhook/api/crds";
import { clusterInjectionPolicies, injectionPolicies } from "#webhook/api/types";

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

interface Version {
  readonly subresources: object;
  readonly additionalPrinterColumns: readonly {
    readonly name: string;
    readonly jsonPath: string;
  }[];
  readonly schema: { readonly openAPIV3Schema: Tree };
}

const versionOf = (crd: (typeof injectionCrds)[number]): Version =>
  (crd.spec["versions"] as readonly Version[])[0]!;

const named = injectionCrds.map((crd) => [crd.metadata.name, crd] as const);

describe("the CRDs of the webhook", () => {
  it("are of the kinds the program reads", () => {
    const kinds = [injectionPolicies, clusterInjectionPolicies];
    expect(injectionCrds.map(({ metadata, spec }) => [metadata.name, spec["scope"]])).toEqual(
      kinds.map(({ plural, namespaced }) => [
        `${plural}.clouder.datalayer.io`,
        namespaced ? "Namespaced" : "Cluster",
      ]),
    );
  });

  it.each(named)("%s is structural: every node has a type, required fields exist", (_name, crd) => {
    for (const [path, node] of nodesOf(versionOf(crd).schema.openAPIV3Schema)) {
      expect(typeof node["type"], path).toBe("string");
      const properties = (node["properties"] ?? {}) as Tree;
      for (const name of (node["required"] ?? []) as readonly string[]) {
        expect(properties, path).toHaveProperty(name);
      }
    }
  });

  it.each(named)("%s bounds everything under spec, for the API server's budget", (_name, crd) => {
    for (const [path, node] of nodesOf(versionOf(crd).schema.openAPIV3Schema)) {
      if (!path.startsWith(".spec")) continue;
      const bounded = node["enum"] ?? node["maxLength"] ?? node["maxItems"];
      if (node["type"] === "string" || node["type"] === "array") {
        expect(bounded, path).toBeDefined();
      }
      if (node["additionalProperties"]) expect(node["maxProperties"], path).toBeDefined();
    }
  });

  it.each(named)("%s shows priority, readiness and age", (_name, crd) => {
    const { additionalPrinterColumns, subresources, schema } = versionOf(crd);
    expect(subresources).toEqual({ status: {} });
    const names = additionalPrinterColumns.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["Priority", "Ready", "Age"]));
    const paths = new Set([...nodesOf(schema.openAPIV3Schema)].map(([path]) => path));
    for (const { jsonPath } of additionalPrinterColumns) {
      const plain = jsonPath.replace(/\[\?\(.*?\)\]/, "[]");
      expect(plain.startsWith(".metadata") || paths.has(plain), jsonPath).toBe(true);
    }
  });

  it("N3: take no short name that Kubernetes uses", () => {
    const taken = [
      "rc",
      "rs",
      "po",
      "no",
      "ns",
      "sa",
      "pv",
      "pvc",
      "svc",
      "ds",
      "sts",
      "cm",
      "ing",
    ];
    for (const { spec } of injectionCrds) {
      const { shortNames } = spec["names"] as { readonly shortNames: readonly string[] };
      for (const name of shortNames) expect(taken).not.toContain(name);
    }
  });
});
