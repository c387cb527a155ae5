import type { Addon, AddonInput } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import { readRelease } from "#bootstrap/addons/helm/release";
import { settled } from "#bootstrap/addons/helm/settled";
import { uninstall } from "#bootstrap/addons/helm/undo";
import { refuseInUse } from "#bootstrap/addons/in-use";
import { addonObjects, removeObjects } from "#bootstrap/addons/objects";

/** Removes an add-on's release; gives whether there was one. What people keep through it is not touched. */
export async function removeAddon(
  addon: Addon,
  input: AddonInput,
  place: AddonPlace,
): Promise<boolean> {
  const release = await readRelease(place.kube, addon);
  if (!release) return false;
  const own = addonObjects(addon.name, input);
  await refuseInUse(addon, [...release.objects, ...own], place.kube);
  const helm = await place.helm();
  await settled(addon, helm, place);
  await uninstall(addon, helm, place.folder);
  await removeObjects(place.kube, own);
  return true;
}
