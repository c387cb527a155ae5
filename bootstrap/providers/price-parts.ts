import { isSpot, sizeFor } from "./machine-size.ts";
import type { OwnPrices } from "./own-prices.ts";
import type { Cost, WantedMachine } from "./provider.ts";

/** Hours of a month, as clouds count them. */
export const hoursOfMonth = 730;

/** Something that costs money by the hour. */
export interface PricePart {
  readonly what: string;
  readonly count: number;
  /** Of one; undefined where no price is known. */
  readonly price: number | undefined;
}

/** Machines by their size; the price of spot machines changes by the hour and is not known. */
export function machineParts(
  settings: Parameters<typeof sizeFor>[1] & Parameters<typeof isSpot>[1],
  region: string,
  wanted: readonly WantedMachine[],
  prices: Readonly<Record<string, number>> | undefined,
): readonly PricePart[] {
  const kinds = new Map<string, number>();
  for (const one of wanted) {
    const kind = `${sizeFor(one, settings)}${isSpot(one, settings) ? " (spot)" : ""}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => ({
    ...{ what: `${kind} in ${region === "" ? "a region that is not named" : region}`, count },
    price: kind.endsWith("(spot)") ? undefined : prices?.[kind],
  }));
}

/** The sum of what is known, and the names of what is not; the user's own prices win over the table. */
export function costOfParts(table: readonly PricePart[], asOf: string, own?: OwnPrices): Cost {
  const { currency = "USD", perHour: ours = {} } = own ?? {};
  const parts = table.map(({ what, count, price }) => ({
    ...{ what, count, own: Object.hasOwn(ours, what) },
    price: Object.hasOwn(ours, what) ? ours[what] : currency === "USD" ? price : undefined,
  }));
  const known = parts.flatMap(({ what, count, price, own: mine }) =>
    price === undefined
      ? []
      : [{ what, count, perHour: rounded(count * price), ...(mine && { own: true as const }) }],
  );
  const perHour = known.reduce((sum, part) => sum + part.perHour, 0);
  return {
    ...{ asOf, currency, perHour: rounded(perHour) },
    ...(own && known.some((part) => part.own) && { ownAsOf: own.asOf }),
    perMonth: Math.round(perHour * hoursOfMonth),
    parts: known,
    unknown: parts.flatMap(({ what, price }) => (price === undefined ? [what] : [])),
  };
}

function rounded(amount: number): number {
  return Math.round(amount * 10_000) / 10_000;
}
