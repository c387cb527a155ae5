import { everyItem, type CallOptions } from "./session.ts";
import type { Workplace } from "./site.ts";
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
  readonly name: { readonly value?: string };
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
  await checkUsages(place, cores, async (options) =>
    (await place.clients.compute()).usage.list(place.region, options),
  );
  const addresses = new Map(
    ["PublicIPAddresses", "StandardPublicIPAddresses", "IPv4StandardSkuPublicIpAddresses"].map(
      (name) => [name, demand.addresses],
    ),
  );
  if (demand.addresses === 0) return;
  await checkUsages(place, addresses, async (options) =>
    (await place.clients.network()).usages.list(place.region, options),
  );
}

async function checkUsages(
  { session, region }: Workplace,
  wanted: ReadonlyMap<string, number>,
  list: (options: CallOptions) => PromiseLike<AsyncIterable<Usage>>,
): Promise<void> {
  if (wanted.size === 0) return;
  let usages: readonly Usage[];
  try {
    usages = await everyItem(session, `read the quotas of ${region}`, list);
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
    const quota = name.value?.toLowerCase();
    const more = [...wanted].find(([one]) => one.toLowerCase() === quota)?.[1];
    if (more === undefined || currentValue + more <= limit) continue;
    throw new ClouderError(
      "refused",
      `${region} allows ${limit} of the quota ${name.value ?? ""}, ${currentValue} are in use and ${more} more are wanted`,
      {
        hint: `ask for more in the Azure portal (Quotas), or use fewer or smaller machines`,
        details: { limit, used: currentValue, wanted: more, quota: name.value ?? "" },
      },
    );
  }
}
