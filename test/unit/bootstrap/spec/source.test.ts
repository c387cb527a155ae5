import { describe, expect, test } from "vitest";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";
import { readSource } from "#bootstrap/spec/read-source";

const head = `apiVersion: bootstrap.clouder.datalayer.io/v1alpha1
kind: Cluster
metadata: { name: lab }
`;
const load = async (spec: string, flags: ClusterFlags = {}) =>
  loadSpec({
    source: await readSource(`${head}${spec}`, "lab.yaml"),
    flags,
    defaults: { kubernetesVersion: "v1.36.3" },
  });

describe("what is wrong in a document is told by file, line and column:", () => {
  test.each([
    ["spec:\n  colour: red\n", "lab.yaml:5:3: spec.colour is not a known field"],
    ["spec:\n  network:\n    cni: cilium\n", "lab.yaml:6:10: spec.network.cni must be flannel"],
    [
      'spec:\n  pools:\n    - name: a\n      labels:\n        example.org/x.y: "1"\n        z: 1\n',
      "lab.yaml:9:12: spec.pools[0].labels.z must be a text",
    ],
    [
      "spec:\n  pools:\n    - name: a\n    - count: 2\n",
      "lab.yaml:7:7: spec.pools[1].name is missing",
    ],
    [
      "spec:\n  pools:\n    - { name: a }\n    - { name: a }\n",
      'lab.yaml:7:15: spec.pools[1].name "a"',
    ],
    ["spec:\n  network: { podCIDR: 10.96.0.0/16 }\n", "lab.yaml:5:23: spec.network.podCIDR"],
    ["spec:\n  pools: &p\n    - { name: A }\n  kind: *p\n", "lab.yaml:7:3: spec.kind"],
  ])("%j", async (spec, message) => {
    await expect(load(spec)).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });

  test("in anchors, where the value stands", async () => {
    const spec = "spec:\n  network: &n { podCIDR: wrong }\n";
    await expect(load(spec)).rejects.toMatchObject({
      details: { line: 5, column: 26, file: "lab.yaml", path: "spec.network.podCIDR" },
    });
  });
});

test("an unknown field comes with the nearest that is known", async () => {
  await expect(load("spec:\n  network:\n    podCidrs: x\n")).rejects.toMatchObject({
    hint: "did you mean podCIDR? known: podCIDR, serviceCIDR, dnsDomain, cni",
  });
  await expect(load("spec:\n  pool: []\n")).rejects.toMatchObject({
    hint: expect.stringMatching(/^did you mean pools\?/) as string,
  });
});

test("a number where a text is wanted is to be put in quotes", async () => {
  await expect(load("spec:\n  kubernetesVersion: 1.36\n")).rejects.toMatchObject({
    hint: 'put it in quotes: "1.36"',
  });
});

test.each([
  ["a: 1\nb: 2\na: 3\n", "x.yaml:3:1: the same field stands here a second time"],
  ["a:\n\t- b\n", "x.yaml:2:1: "],
  ["a: [1\n", "x.yaml:2:1: "],
  ["a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document begins"],
  ["", "x.yaml is empty"],
  ["# nothing\n", "x.yaml is empty"],
])("the text %j is refused by line and column", async (text, message) => {
  await expect(readSource(text, "x.yaml")).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(message) as string,
    hint: expect.stringMatching(/./) as string,
  });
});

describe("flags over a document", () => {
  test("what a flag says wrong is told of the flag, not of a line", async () => {
    const spec = "spec:\n  network: { podCIDR: 10.50.0.0/16 }\n";
    await expect(load(spec, { podCIDR: "many" })).rejects.toMatchObject({
      code: "usage",
      message: '--pod-cidr "many" is not an IPv4 network',
    });
    await expect(load("spec:\n  pools: many\n", { workers: 2 })).rejects.toMatchObject({
      message: 'lab.yaml:5:10: spec.pools must be a list, not "many"',
    });
  });

  test("fill what the document leaves empty", async () => {
    const { pools, packages } = await load("spec:\n  pools:\n  packages:\n", {
      ...{ workers: 2, bundle: "/b" },
    });
    expect(pools).toMatchObject([{ name: "workers", count: 2 }]);
    expect(packages).toMatchObject({ folder: "/b" });
  });
});
