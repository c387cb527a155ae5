import { expect, test } from "vitest";
import { noSizesIn } from "#bootstrap/providers/azure/regions";
import type { Workplace } from "#bootstrap/providers/azure/site";
import { systemClock } from "#core/clock";
import { silent } from "#core/report";

test("B1 a region that is there, but has no size for the subscription, is closed to it", async () => {
  const listLocations = async function* () {
    yield await Promise.resolve({ name: "brazilsoutheast", displayName: "Brazil Southeast" });
  };
  const subscriptions = () => Promise.resolve({ subscriptions: { listLocations } });
  const session = { subscriptions, clock: systemClock, report: silent, pace: { pollMs: 1 } };
  const place = { session, subscription: "s", region: "brazilsoutheast" } as unknown as Workplace;
  expect(await noSizesIn(place)).toMatchObject({
    code: "refused",
    message: "this subscription may have no machines in brazilsoutheast",
    hint: expect.stringContaining("Quotas") as string,
  });
});
