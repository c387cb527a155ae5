import type { Addon, AddonInput } from "#bootstrap/addons/addon";
import { addonState } from "#bootstrap/addons/addon-state";
import { chartFile } from "#bootstrap/addons/chart-file";
import { at, type Helm } from "#bootstrap/addons/helm/helm";
import { helmFailed } from "#bootstrap/addons/helm/helm-failed";
import { settled } from "#bootstrap/addons/helm/settled";
import { undoRelease } from "#bootstrap/addons/helm/undo";
import { namespaceIsThere } from "#bootstrap/addons/namespace-there";
import { addonObjects, makeObjects, removeObjects } from "#bootstrap/addons/objects";
import { addonValues } from "#bootstrap/addons/values";
import { waitUntilReady } from "#bootstrap/addons/wait-ready";
import type { Packages } from "#bootstrap/packages/packages";
import type { Clock } from "#core/clock";
import { hasCode } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube, KubeObject } from "#kube/kube";

/** What applying and removing add-ons works with. */
export interface AddonPlace {
  readonly kube: Kube;
  /** Of the cluster, with its kubeconfig. */
  readonly folder: string;
  /** Opened when it is needed: an add-on that is as wanted needs none. */
  readonly helm: () => Promise<Helm>;
  /** Opened when it is needed, too. */
  readonly packages: () => Promise<Pick<Packages, "chart">>;
  readonly report: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a release what the table and the spec say, and waits until it is ready; gives whether that
 * changed anything. A failure tells the decisive reason and takes back what this call did.
 */
export async function applyAddon(
  addon: Addon,
  input: AddonInput,
  place: AddonPlace,
  timeoutMs: number,
): Promise<boolean> {
  const { kube, folder } = place;
  // Before anything else is read: what stands in a namespace that goes is no add-on.
  const hadNamespace = await namespaceIsThere(addon, place);
  const before = await addonState(kube, addon, input);
  if (before.asWanted && !before.readiness.reasons.some(({ gone }) => gone === true)) {
    // Nothing is changed here, so a failure takes nothing back, either.
    if (!before.readiness.ready) await waitUntilReady(addon, place, timeoutMs);
    return false;
  }
  const helm = await place.helm();
  const packages = await place.packages();
  const source = await packages.chart(addon.chart);
  const file = await chartFile(addon.chart, source, { helm, folder });
  const good = await settled(addon, helm, place);
  let made: readonly KubeObject[] = [];
  try {
    made = await makeObjects(kube, addonObjects(addon.name, input));
    const done = await helm.run(
      [
        ...["upgrade", "--install", addon.release, file, ...at(addon, folder)],
        ...["--create-namespace", "--reset-values", "--history-max", "3", "--values", "-"],
      ],
      JSON.stringify(addonValues(addon.name, input)),
    );
    if (done.status !== 0) throw helmFailed(addon, done.stderr);
    await waitUntilReady(addon, place, timeoutMs);
    return true;
  } catch (error) {
    // Whoever interrupts it goes on by the same command.
    if (hasCode(error, "cancelled")) throw error;
    await undoRelease(addon, { ...place, helm, good, hadNamespace });
    await removeObjects(kube, made);
    throw error;
  }
}
