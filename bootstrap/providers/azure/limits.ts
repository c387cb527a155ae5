import { versions } from "./kinds.ts";
import { everyItem } from "./session.ts";
import { inSubscription, type Workplace } from "./site.ts";
import type { Size } from "./sizes.ts";
import { ClouderError, hasCode } from "#core/error";

/** What a create will add. */
export interface Demand {
  readonly machines: readonly { readonly size: Size; readonly spot: boolean }[];
  readonly addresses: number;
}

interface Usage {
  readonly limit: number;
  readonly currentValue: number;
  readonly name: { readonly value: string };
}

/** Fails with `refused` before the first create when a quota of the region does not suffice. */
export async function checkQuotas(place: Workplace, demand: Demand): Promise<void> {
  const cores = new Map<string, number>();
  const add = (name: string, vcpus: number) => cores.set(name, (cores.get(name) ?? 0) + vcpus);
  for (const { size, spot } of demand.machines) {
    add("virtualMachines", 1);
    if (spot) {
      add("lowPriorityCores", size.vcpus);
      continue;
    }
    add("cores", size.vcpus);
    add(size.family, size.vcpus);
  }
  await checkUsages(place, "Microsoft.Compute", cores);
  const addresses = new Map(
    ["PublicIPAddresses", "StandardPublicIPAddresses", "IPv4StandardSkuPublicIpAddresses"].map(
      (name) => [name, demand.addresses],
    ),
  );
  if (demand.addresses > 0) await checkUsages(place, "Microsoft.Network", addresses);
}

async function checkUsages(
  place: Workplace,
  namespace: "Microsoft.Compute" | "Microsoft.Network",
  wanted: ReadonlyMap<string, number>,
): Promise<void> {
  if (wanted.size === 0) return;
  const { session, region } = place;
  const version = namespace === "Microsoft.Compute" ? versions.compute : versions.network;
  const path = inSubscription(place, `providers/${namespace}/locations/${region}/usages`, version);
  let usages: readonly Usage[];
  try {
    usages = await everyItem<Usage>(session, path, `read the quotas of ${region}`);
  } catch (error) {
    // Not every identity may read them: Azure tells when one is exceeded.
    if (!hasCode(error, "denied")) throw error;
    session.report({
      type: "note",
      level: "warn",
      message: `the quotas of ${region} could not be read; Azure tells when one is exceeded`,
    });
    return;
  }
  for (const { name, limit, currentValue } of usages) {
    const more = [...wanted].find(([one]) => one.toLowerCase() === name.value.toLowerCase())?.[1];
    if (more === undefined || currentValue + more <= limit) continue;
    throw new ClouderError(
      "refused",
      `${region} allows ${limit} of the quota ${name.value}, ${currentValue} are in use and ${more} more are wanted`,
      {
        hint: `ask for more in the Azure portal (Quotas), or use fewer or smaller machines`,
        details: { limit, used: currentValue, wanted: more, quota: name.value },
      },
    );
  }
}
