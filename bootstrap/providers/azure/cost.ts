import { balancerKinds } from "./balancer.ts";
import { wantsNat } from "./network.ts";
import { prices } from "./prices.ts";
import { parseAzureSettings, type AzureSettings } from "./settings.ts";
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
  { spec }: Pick<ProviderContext, "spec">,
  wanted: readonly WantedMachine[],
  own?: OwnPrices,
): Cost {
  const settings = parseAzureSettings(spec.provider.settings);
  const { region = "" } = settings;
  const parts = [
    ...machineParts(settings, region, wanted, prices.machines[region]),
    ...around(settings, region, wanted.length),
  ];
  return costOfParts(parts, prices.asOf, own);
}

function around(settings: AzureSettings, region: string, machines: number): readonly PricePart[] {
  const known = region in prices.machines;
  const part = (what: string, count: number, price: number | undefined): PricePart => ({
    ...{ what, count, price: known ? price : undefined },
  });
  const { osDiskSize, private: hidden } = settings;
  const { balancer, natGateway, publicAddress } = prices.network;
  const disk = prices.disks.find(([reach]) => osDiskSize <= reach)?.[1];
  const balancers = balancerKinds(settings);
  const nat = Number(wantsNat(settings));
  const addresses = nat + Number(balancers.includes("public")) + (hidden ? 0 : machines);
  return [
    part(`${osDiskSize} GB Premium SSD`, machines, disk && disk / hoursOfMonth),
    part("load balancer", balancers.length, balancer),
    ...(nat > 0 ? [part("NAT gateway", nat, natGateway)] : []),
    ...(addresses > 0 ? [part("public address", addresses, publicAddress)] : []),
  ];
}
