import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { awsController } from "#bootstrap/clouds/aws-controller";
import { azureConfig } from "#bootstrap/clouds/azure-config";
import { azureController } from "#bootstrap/clouds/azure-controller";
import type { Rule } from "#bootstrap/clouds/controller-parts";
import { upstream } from "#bootstrap/packages/upstream";
import { azureFacts } from "#test/fixtures/cloud-facts";
import { moduleFolder } from "#test/lab/go-build";

/** Our objects of the clouds' controllers beside the charts of the same releases, in their Go modules. */

interface Loose {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly command?: readonly string[];
        }[];
      };
    };
  };
}
const versionOf = (image: string) => image.split(":").at(-1) ?? "";
const rulesOf = (objects: readonly object[], name: string) =>
  (objects as readonly Loose[]).find(
    (one) => one.kind === "ClusterRole" && one.metadata.name === name,
  )?.rules ?? [];
const flagsOf = (objects: readonly object[], name: string) =>
  (objects as readonly Loose[])
    .find((one) => one.kind === "DaemonSet" && one.metadata.name === name)
    ?.spec.template.spec.containers[0]?.args.map((one) => one.split("=")[0] ?? "") ?? [];

/** Rights as words "group/resource verb". */
function words(rules: readonly Rule[]): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`)),
    ),
  );
}

/** Rights of ours that the chart does not give. */
function beyond(ours: readonly Rule[], charts: readonly Rule[]): readonly string[] {
  const given = new Set(words(charts));
  return words(ours).filter((one) => !given.has(one) && !given.has(`${one.split(" ")[0] ?? ""} *`));
}

test("F6 AWS' controller has its chart's image and no right that the chart does not give", async () => {
  const image = upstream.cloudControllers.aws;
  const folder = await moduleFolder("k8s.io/cloud-provider-aws", versionOf(image));
  const values = parse(
    await readFile(join(folder, "charts/aws-cloud-controller-manager/values.yaml"), "utf8"),
  ) as {
    readonly image: { readonly repository: string };
    readonly clusterRoleRules: readonly Rule[];
    readonly args: readonly string[];
  };
  const objects = awsController("dev");
  expect(image.split(":")[0]).toBe(values.image.repository);
  expect(
    beyond(rulesOf(objects, "system:cloud-controller-manager"), values.clusterRoleRules),
  ).toEqual([]);
  const flags = flagsOf(objects, "cloud-controller-manager");
  for (const flag of values.args) expect(flags).toContain(flag.split("=")[0]);
});

test("F5 Azure's controllers take flags that the chart knows and no right that it does not give", async () => {
  const { azure, azureNode } = upstream.cloudControllers;
  const version = versionOf(azure);
  expect(versionOf(azureNode)).toBe(version);
  const folder = await moduleFolder("sigs.k8s.io/cloud-provider-azure", version);
  const template = await readFile(
    join(folder, "helm/cloud-provider-azure/templates/cloud-provider-azure.yaml"),
    "utf8",
  );
  const roles = template
    .split(/^---$/m)
    .filter((one) => /^kind: ClusterRole$/m.test(one))
    // The first has the file's head before it, which is no YAML.
    .map((one) => one.replaceAll(/^.*\{\{.*$/gm, ""))
    .flatMap((one) => parseAllDocuments(one).map((document) => document.toJS() as Loose));
  const objects = azureController("dev", "10.244.0.0/16");
  for (const [ours, theirs] of [
    ["system:cloud-controller-manager", "system:cloud-controller-manager"],
    ["system:cloud-node-manager", "cloud-node-manager"],
  ] as const) {
    const chart = roles.find(({ metadata }) => metadata.name === theirs)?.rules ?? [];
    expect(chart.length).toBeGreaterThan(0);
    expect(beyond(rulesOf(objects, ours), chart)).toEqual([]);
  }
  for (const name of ["cloud-controller-manager", "cloud-node-manager"]) {
    const flags = flagsOf(objects, name);
    expect(flags.length).toBeGreaterThan(2);
    for (const flag of flags) expect(template).toContain(`${flag}=`);
  }
});

test("F2 Azure's controller of that release reads every key of its settings", async () => {
  const name = "sigs.k8s.io/cloud-provider-azure";
  const folder = await moduleFolder(name, versionOf(upstream.cloudControllers.azure));
  const goMod = await readFile(join(folder, "go.mod"), "utf8");
  const client = /cloud-provider-azure\/pkg\/azclient (v\S+)/.exec(goMod)?.[1] ?? "";
  const known = await Promise.all([
    jsonNames(join(folder, "pkg/provider/config")),
    jsonNames(await moduleFolder(`${name}/pkg/azclient`, client)),
  ]);
  const keys = Object.keys(JSON.parse(azureConfig(azureFacts)) as object);
  expect(keys.length).toBeGreaterThan(10);
  expect(keys.filter((key) => !known.flat().includes(key))).toEqual([]);
});

/** Names of fields in JSON, of all Go files of a folder. */
async function jsonNames(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((one) => one.endsWith(".go"));
  const texts = await Promise.all(files.map((one) => readFile(join(folder, one), "utf8")));
  return texts.flatMap((text) => [...text.matchAll(/json:"([^",]+)/g)].map(([, one]) => one ?? ""));
}
