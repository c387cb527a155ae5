import { fieldDifferences, type Difference } from "./difference.ts";
import { addonState } from "#bootstrap/addons/addon-state";
import type { Addon, AddonInput } from "#bootstrap/addons/addon";
import { wantedAddons } from "#bootstrap/addons/wanted";
import type { Kube } from "#kube/kube";

/** The add-ons that are wanted against the cluster's releases. */
export async function addonDifferences(
  kube: Kube,
  input: AddonInput,
): Promise<readonly Difference[]> {
  const found = await Promise.all(
    wantedAddons(input.spec).map((one) => addonDifference(kube, one, input)),
  );
  return found.flat();
}

async function addonDifference(
  kube: Kube,
  addon: Addon,
  input: AddonInput,
): Promise<readonly Difference[]> {
  const { release, asWanted, readiness } = await addonState(kube, addon, input);
  const object = `addon/${addon.name}`;
  const wanted = { chart: `${addon.chart.name} ${addon.chart.version}` };
  if (!release) return [{ object, change: "create", fields: fieldDifferences({}, wanted) }];
  const { chart, status } = release;
  const now = `${chart.name} ${chart.version}`;
  const ready = readiness.ready ? "True" : (readiness.reasons[0]?.text ?? status);
  const othersValues = !asWanted && now === wanted.chart && status === "deployed";
  const fields = fieldDifferences(
    { chart: now, release: status, ready, ...(othersValues && { values: "others" }) },
    {
      ...wanted,
      release: "deployed",
      ready: "True",
      ...(othersValues && { values: "of the spec" }),
    },
  );
  return fields.length === 0 ? [] : [{ object, change: "update", fields }];
}
