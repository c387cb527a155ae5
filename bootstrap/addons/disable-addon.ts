import {
  addonPlace,
  keepAddons,
  type ChangedAddons,
  type ClusterAddon,
} from "#bootstrap/addons/cluster-addons";
import { addonInput } from "#bootstrap/addons/input";
import { removeAddon } from "#bootstrap/addons/remove-addon";
import { addonCalled, wantedAddons } from "#bootstrap/addons/wanted";
import { atCluster, type LifeAround } from "#bootstrap/pools/place";
import { reportStep } from "#core/report";

/** Removes an add-on; refused while what people keep needs it. */
export async function disableAddon(
  request: ClusterAddon,
  around: LifeAround,
): Promise<ChangedAddons> {
  const addon = addonCalled(request.addon);
  return await atCluster(request, around, async (place) => {
    const input = await addonInput([addon], place.context);
    const step = { step: `addon-${addon.name}`, title: `disable ${addon.name}` };
    const changed = await reportStep(around.report, step, () =>
      removeAddon(addon, input, addonPlace(place)),
    );
    const rest = wantedAddons(place.spec).filter(({ name }) => name !== addon.name);
    await keepAddons(place, rest);
    return { addons: [addon.name], changed };
  });
}
