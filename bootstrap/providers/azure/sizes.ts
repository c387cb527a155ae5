import type { Architecture } from "./image-table.ts";
import { noSizesIn } from "./regions.ts";
import { everyItem } from "./session.ts";
import type { Workplace } from "./site.ts";
import type { ResourceSku } from "@azure/arm-compute";
import { ClouderError } from "#core/error";

/** What a size of machine is, and where it can be had. */
export interface Size {
  readonly name: string;
  readonly family: string;
  readonly vcpus: number;
  readonly gpus: number;
  readonly architecture: Architecture;
  /** Zones of the region that have it for this subscription; none in regions without zones. */
  readonly zones: readonly string[];
  /** Its processor time is rationed. */
  readonly burstable: boolean;
  readonly spot: boolean;
  readonly trustedLaunch: boolean;
  readonly generation2: boolean;
  /** This subscription may not have it in the region. */
  readonly closed: boolean;
}

/** Sizes that Azure took away, with the day. */
const retired: readonly (readonly [RegExp, string])[] = [
  [/^Standard_NC(6|12|24r?)s_v3$/i, "2025-09-30"],
  [/^Standard_NC(6|12|24r?)s?(_v2)?$/i, "2023-09-06"],
  [/^Standard_ND(6|12|24r?)s$/i, "2023-09-06"],
  [/^Standard_NV(6|12|24)s?(_v2)?$/i, "2023-09-06"],
];

/** The day on which a size was taken away. */
export function retiredSince(name: string): string | undefined {
  return retired.find(([pattern]) => pattern.test(name))?.[1];
}

/** Every size of machine that the region has; fails where it has none. */
export async function sizesOf(place: Workplace): Promise<ReadonlyMap<string, Size>> {
  const { session, clients, region } = place;
  const filter = `location eq '${region}'`;
  const found = await everyItem(session, `list the sizes of ${region}`, async (options) =>
    (await clients.compute()).resourceSkus.list({ ...options, filter }),
  );
  const machines = found.filter(({ resourceType }) => resourceType === "virtualMachines");
  if (machines.length === 0) throw await noSizesIn(place);
  return new Map(machines.map(sizeOf).map((size) => [size.name.toLowerCase(), size]));
}

function sizeOf(sku: ResourceSku): Size {
  const { name = "", family = "", locationInfo, capabilities, restrictions = [] } = sku;
  const has = new Map((capabilities ?? []).map((one) => [one.name, one.value]));
  const number = (key: string) => Number(has.get(key) ?? 0);
  const without = restrictions
    .filter(({ type }) => type === "Zone")
    .flatMap(({ restrictionInfo }) => restrictionInfo?.zones ?? []);
  const architecture = has.get("CpuArchitectureType") === "Arm64" ? "Arm64" : "x64";
  return {
    ...{ name, family, architecture, vcpus: number("vCPUs"), gpus: number("GPUs") },
    zones: (locationInfo?.[0]?.zones ?? []).filter((zone) => !without.includes(zone)).toSorted(),
    burstable: /^Standard_B/i.test(name),
    spot: has.get("LowPriorityCapable") === "True",
    trustedLaunch: has.get("TrustedLaunchDisabled") !== "True" && architecture === "x64",
    generation2: (has.get("HyperVGenerations") ?? "").includes("V2"),
    closed: restrictions.some(({ type }) => type === "Location"),
  };
}

/** The wanted size; `config` or `refused` names sizes that can be had instead. */
export function usableSize(place: Workplace, sizes: ReadonlyMap<string, Size>, name: string): Size {
  const size = sizes.get(name.toLowerCase());
  const day = retiredSince(name);
  const live = `sizes that ${place.region} has: ${alternatives(sizes, name).join(", ") || "none"}`;
  if (day !== undefined) {
    throw new ClouderError("refused", `Azure retired ${name} on ${day}`, { hint: live });
  }
  if (!size) {
    throw new ClouderError("config", `${place.region} has no machines of the size "${name}"`, {
      hint: live,
    });
  }
  if (size.closed) {
    throw new ClouderError("refused", `this subscription may not have ${name} in ${place.region}`, {
      hint: `ask for it in the Azure portal (Quotas), or take another; ${live}`,
    });
  }
  if (!size.generation2) {
    throw new ClouderError("refused", `${name} cannot run images of generation 2`, { hint: live });
  }
  return size;
}

/** Sizes like the wanted one: with GPUs for those that had some, else ordinary ones. */
function alternatives(sizes: ReadonlyMap<string, Size>, name: string): readonly string[] {
  const gpu = /^Standard_N/i.test(name);
  return [...sizes.values()]
    .filter((one) => !one.closed && one.generation2 && one.gpus > 0 === gpu)
    .toSorted((one, other) => one.vcpus - other.vcpus || one.name.localeCompare(other.name))
    .slice(0, 5)
    .map((one) => one.name);
}

/**
 * Zones that have every wanted size; none where the region, or one of the sizes, has none: then
 * machines go to availability sets. `config` when the user named one that does not fit.
 */
export function usableZones(
  { region, settings }: Workplace,
  sizes: readonly Size[],
): readonly string[] {
  const [first, ...rest] = sizes;
  const all = (first?.zones ?? []).filter((zone) =>
    rest.every(({ zones }) => zones.includes(zone)),
  );
  const wrong = settings.zones.find((zone) => !all.includes(zone));
  if (wrong !== undefined) {
    const names = [...new Set(sizes.map(({ name }) => name))].join(" and ");
    throw new ClouderError("config", `the zone ${wrong} of ${region} does not offer ${names}`, {
      hint: `zones that do: ${all.join(", ") || "none"}`,
    });
  }
  return settings.zones.length > 0 ? settings.zones : all;
}

/**
 * Of the cluster's zones those that have a size; none for a size without zones, which goes anywhere
 * in the region. `refused` when it has zones, but not one of these.
 */
export function zonesFor(
  { region }: Workplace,
  { name, zones }: Size,
  ofCluster: readonly string[],
): readonly string[] {
  const fitting = ofCluster.filter((zone) => zones.includes(zone));
  if (fitting.length > 0 || ofCluster.length === 0 || zones.length === 0) return fitting;
  throw new ClouderError("refused", `no zone of the cluster in ${region} offers ${name}`, {
    hint: `its zones are ${ofCluster.join(", ")}, the size has ${zones.join(", ")}: choose another`,
  });
}
