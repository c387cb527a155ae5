import { everyItem } from "./session.ts";
import type { Workplace } from "./site.ts";
import { ClouderError } from "#core/error";
import { nearest } from "#core/nearest";

/** Why a region has not one size of machine: it does not exist, or is closed to the subscription. */
export async function noSizesIn(place: Workplace): Promise<ClouderError> {
  const { session, subscription, region } = place;
  const found = await everyItem(session, "list the regions", async (options) =>
    (await session.subscriptions()).subscriptions.listLocations(subscription, options),
  );
  const names = found.map(({ name = "" }) => name);
  if (names.includes(region)) {
    return new ClouderError("refused", `this subscription may have no machines in ${region}`, {
      hint: "ask for the region in the Azure portal (Quotas), or take another",
    });
  }
  const [near] = nearest(region, names);
  const list = "kubectl clouder azure regions lists them";
  return new ClouderError("config", `Azure has no region "${region}" for this subscription`, {
    hint: near === undefined ? `give another --region; ${list}` : `did you mean ${near}? ${list}`,
  });
}
