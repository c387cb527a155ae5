import type { Addon } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import type { Helm } from "#bootstrap/addons/helm/helm";
import { readRelease } from "#bootstrap/addons/helm/release";
import { rollBack, uninstall } from "#bootstrap/addons/helm/undo";
import { waitFor } from "#core/retry";

/** A helm that is still at work is through after this: it waits for no pods. */
const longestMs = 60_000;

/**
 * Waits for a helm that is at work on the release, and clears away what one that died left; gives
 * the revision to which a failure goes back, if there is one.
 */
export async function settled(
  addon: Addon,
  helm: Helm,
  { kube, folder, clock, signal }: AddonPlace,
): Promise<number | undefined> {
  const release = await waitFor(
    `that another helm is done with ${addon.release}`,
    { timeoutMs: longestMs * 2, everyMs: 1000, clock, signal },
    async () => {
      const now = await readRelease(kube, addon);
      const age = clock.now() - Date.parse(now?.since ?? "");
      return now?.status.startsWith("pending") === true && age < longestMs ? undefined : { now };
    },
  );
  const { now } = release;
  if (!now || now.status === "deployed") return now?.lastGood;
  if (now.lastGood === undefined) {
    await uninstall(addon, helm, folder);
    return undefined;
  }
  // Helm upgrades nothing that is pending; back to what was good it does go.
  if (now.status.startsWith("pending")) await rollBack(addon, now.lastGood, helm, folder);
  return now.lastGood;
}
