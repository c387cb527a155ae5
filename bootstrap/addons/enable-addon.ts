import type { Addon } from "#bootstrap/addons/addon";
import { applyAddon } from "#bootstrap/addons/apply-addon";
import {
  addonPlace,
  keepAddons,
  type ChangedAddons,
  type ClusterAddon,
} from "#bootstrap/addons/cluster-addons";
import { addonInput, refuseUnready } from "#bootstrap/addons/input";
import { addonCalled, fits, wantedAddons } from "#bootstrap/addons/wanted";
import { atCluster, keepSpec, type LifeAround } from "#bootstrap/pools/place";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";

/** Enables an add-on; again: changes nothing. */
export async function enableAddon(
  request: ClusterAddon & {
    /** How long its pods may take to be ready. */
    readonly timeoutMs: number;
  },
  around: LifeAround,
): Promise<ChangedAddons> {
  const addon = addonCalled(request.addon);
  return await atCluster(request, around, async (place) => {
    refuseUnfit(addon, place.spec);
    const input = await addonInput([addon], place.context);
    refuseUnready(input, addon);
    // The wish comes before the change.
    await keepAddons(place, [...wantedAddons(place.spec), addon]);
    const step = { step: `addon-${addon.name}`, title: `enable ${addon.name}` };
    try {
      const changed = await reportStep(around.report, step, () =>
        applyAddon(addon, input, addonPlace(place), request.timeoutMs),
      );
      return { addons: [addon.name], changed };
    } catch (error) {
      // Who interrupts it goes on later: the wish stays.
      if (!hasCode(error, "cancelled")) await keepSpec(place, place.spec);
      throw error;
    }
  });
}

function refuseUnfit(addon: Addon, { name, provider }: ClusterSpec): void {
  if (fits(addon, provider.name)) return;
  const whose = (addon.providers ?? []).join(" and ");
  throw new ClouderError("refused", `${addon.name} is for clusters of ${whose}`, {
    hint: `${name} is of ${provider.name}; see: kubectl clouder addon list ${name}`,
  });
}
