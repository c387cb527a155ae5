import { balancerKinds } from "./machines.ts";
import { prices } from "./prices.ts";
import { parseAwsSettings, type AwsSettings } from "./settings.ts";
import type { Cost, ProviderContext, WantedMachine } from "#bootstrap/providers/provider";

const hoursOfMonth = 730;

interface Part {
  readonly what: string;
  readonly count: number;
  /** Of one; undefined where no price is known. */
  readonly price: number | undefined;
}

/** What a cluster costs by the table of prices; nobody is asked. */
export function costOf(
  { spec, environment = {} }: Pick<ProviderContext, "spec" | "environment">,
  wanted: readonly WantedMachine[],
): Cost {
  const settings = parseAwsSettings(spec.provider.settings);
  const region =
    settings.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "";
  const parts = [...machines(settings, region, wanted), ...around(settings, region, wanted.length)];
  const known = parts.flatMap(({ what, count, price }) =>
    price === undefined ? [] : [{ what, count, perHour: rounded(count * price) }],
  );
  const perHour = known.reduce((sum, part) => sum + part.perHour, 0);
  return {
    ...{ asOf: prices.asOf, currency: "USD", perHour: rounded(perHour) },
    perMonth: Math.round(perHour * hoursOfMonth),
    parts: known,
    unknown: parts.flatMap(({ what, price }) => (price === undefined ? [what] : [])),
  };
}

function machines(
  settings: AwsSettings,
  region: string,
  wanted: readonly WantedMachine[],
): readonly Part[] {
  const kinds = new Map<string, number>();
  for (const { role } of wanted) {
    const plane = role === "control-plane";
    const size = plane ? settings.controlPlaneSize : settings.workerSize;
    const kind = `${size}${settings.spot && !plane ? " (spot)" : ""}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => ({
    ...{ what: `${kind} in ${region === "" ? "a region that is not named" : region}`, count },
    // The price of spot machines changes by the hour.
    price: kind.endsWith("(spot)") ? undefined : prices.machines[region]?.[kind],
  }));
}

function around(settings: AwsSettings, region: string, count: number): readonly Part[] {
  const known = region in prices.machines;
  const part = (what: string, pieces: number, price: number): Part => ({
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

function rounded(amount: number): number {
  return Math.round(amount * 10_000) / 10_000;
}
