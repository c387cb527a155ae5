import { expect, it } from "vitest";
import { addons, type AddonName } from "#bootstrap/addons/table";
import { addonValues } from "#bootstrap/addons/values";
import { upstream } from "#bootstrap/packages/upstream";
import { loadSpec } from "#bootstrap/spec/load";
import { chartKeys } from "#test/fixtures/chart-keys";
import { awsFacts, azureFacts } from "#test/fixtures/cloud-facts";

/** Values that a chart does not know are passed over by Helm without a word. */

/** Paths of all values of an add-on, in a small cluster and in one of several control planes. */
function pathsOf(name: string, provider: "aws" | "azure"): readonly string[] {
  const cloud = provider === "aws" ? awsFacts : azureFacts;
  const paths = [1, 3].flatMap((controlPlanes) => {
    const flags = { name: "dev", provider, packages: "online" as const, controlPlanes, workers: 2 };
    const spec = loadSpec({ flags, defaults: { kubernetesVersion: "v1.36.3" } });
    return leaves(addonValues(name, { spec, cloud }));
  });
  return [...new Set(paths)];
}

function leaves(value: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path.join(".")];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]));
}
const covers = (key: string, path: string) =>
  key.endsWith(".*") ? path.startsWith(key.slice(0, -1)) : path === key;

it.each(addons.map((addon) => [addon.name, addon] as const))(
  "every value of %s is a key of its chart, and none is listed that nobody uses",
  (name, { chart, providers = ["aws"] }) => {
    const { keys, read } = chartKeys[name as AddonName];
    const paths = pathsOf(name, providers[0] as "aws" | "azure");
    const unknown = paths.filter((path) => !keys.some((key) => covers(key, path)));
    expect(unknown).toEqual([]);
    expect(keys.filter((key) => !paths.some((path) => covers(key, path)))).toEqual([]);
    // Another version may have other keys: its values are to be read first.
    if (name !== "metrics-server") expect(chart.version).toBe(read);
  },
);

it("a mirror stands in for every registry that add-ons, controllers and the pod network pull from", () => {
  const { cloudControllers, flannel, registries } = upstream;
  const images = [...Object.values(cloudControllers), ...Object.values(flannel)];
  const pulled = [
    ...images.map((image) => image.split("/")[0] ?? ""),
    ...Object.values(chartKeys).flatMap((one) => one.registries),
  ];
  expect(registries).toEqual(expect.arrayContaining(pulled));
});
