import type { Addon } from "#bootstrap/addons/addon";
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
import { ClouderError } from "#core/error";
import { reportStep } from "#core/report";

/** Removes an add-on; refused while others or what people keep needs it. */
export async function disableAddon(
  request: ClusterAddon,
  around: LifeAround,
): Promise<ChangedAddons> {
  const addon = addonCalled(request.addon);
  return await atCluster(request, around, async (place) => {
    const wanted = wantedAddons(place.spec);
    refuseNeeded(addon, wanted, request.cluster);
    const input = await addonInput([addon], place.context);
    const step = { step: `addon-${addon.name}`, title: `disable ${addon.name}` };
    const changed = await reportStep(around.report, step, () =>
      removeAddon(addon, input, addonPlace(place)),
    );
    const rest = wanted.filter(({ name }) => name !== addon.name);
    await keepAddons(place, rest);
    return { addons: [addon.name], changed };
  });
}

function refuseNeeded({ name }: Addon, wanted: readonly Addon[], cluster: string): void {
  const [first, ...others] = wanted.filter(({ requires }) => requires.includes(name));
  if (!first) return;
  const needing = [first, ...others].map((one) => one.name).join(", ");
  throw new ClouderError("refused", `${name} is needed by ${needing}`, {
    hint: `disable that first: kubectl clouder addon disable ${cluster} ${first.name}`,
  });
}
