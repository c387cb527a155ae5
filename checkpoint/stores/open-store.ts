import { parseLocation } from "#checkpoint/stores/location";
import { storeDrivers } from "#checkpoint/stores/registry";
import type { Store, StoreSettings } from "#checkpoint/stores/store";

/** Opens the store that the settings' URL names; only its own driver is loaded. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { scheme } = parseLocation(settings.url);
  const driver = await storeDrivers[scheme].load();
  return driver.open(settings);
}
