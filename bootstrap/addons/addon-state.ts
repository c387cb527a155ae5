import { isDeepStrictEqual } from "node:util";
import type { Addon, AddonInput } from "#bootstrap/addons/addon";
import { readRelease, type Release } from "#bootstrap/addons/helm/release";
import { addonObjects, objectsThere } from "#bootstrap/addons/objects";
import { readinessOf, type Readiness } from "#bootstrap/addons/readiness";
import { addonValues } from "#bootstrap/addons/values";
import type { Kube } from "#kube/kube";

/** An add-on as the cluster has it. */
export interface AddonState {
  readonly release?: Release;
  /** The release came to its end, with the pinned chart and the values of this spec. */
  readonly asWanted: boolean;
  readonly readiness: Readiness;
}

/** Looks at the cluster; needs no helm and changes nothing. */
export async function addonState(kube: Kube, addon: Addon, input: AddonInput): Promise<AddonState> {
  const release = await readRelease(kube, addon);
  if (!release) return { asWanted: false, readiness: { ready: false, reasons: [] } };
  const { chart, status, values } = release;
  const asWanted =
    (await objectsThere(kube, addonObjects(addon.name, input))) &&
    status === "deployed" &&
    chart.name === addon.chart.name &&
    chart.version === addon.chart.version &&
    isDeepStrictEqual(values, plain(addonValues(addon.name, input)));
  return { release, asWanted, readiness: await readinessOf(kube, release.objects) };
}

/** As JSON leaves it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
