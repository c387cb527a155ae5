import { balancerKinds } from "./machines.ts";
import { prices } from "./prices.ts";
import { parseAwsSettings, type AwsSettings } from "./settings.ts";
import type { OwnPrices } from "#bootstrap/providers/own-prices";
import {
  costOfParts,
  hoursOfMonth,
  machineParts,
  type PricePart,
} from "#bootstrap/providers/price-parts";
import type { Cost, ProviderContext, WantedMachine } from "#bootstrap/providers/provider";

/** What a cluster costs by the table of prices and the user's own; nobody is asked. */
export function costOf(
  { spec, environment = {} }: Pick<ProviderContext, "spec" | "environment">,
  wanted: readonly WantedMachine[],
  own?: OwnPrices,
): Cost {
  const settings = parseAwsSettings(spec.provider.settings);
  const region =
    settings.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "";
  const parts = [
    ...machineParts(settings, region, wanted, prices.machines[region]),
    ...around(settings, region, wanted.length),
  ];
  return costOfParts(parts, prices.asOf, own);
}

function around(settings: AwsSettings, region: string, count: number): readonly PricePart[] {
  const known = region in prices.machines;
  const part = (what: string, pieces: number, price: number): PricePart => ({
    ...{ what, count: pieces, price: known ? price : undefined },
  });
  const balancers = balancerKinds(settings).length;
  const disk = (settings.osDiskSize * prices.diskGigabyte) / hoursOfMonth;
  return [
    part(`${settings.osDiskSize} GB gp3`, count, disk),
    ...(balancers > 0 ? [part("network load balancer", balancers, prices.network.balancer)] : []),
    settings.private
      ? part("NAT gateway", 1, prices.network.natGateway)
      : part("public address", count, prices.network.publicAddress),
  ];
}
