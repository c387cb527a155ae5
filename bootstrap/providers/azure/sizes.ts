import type { Architecture } from "./image-table.ts";
import { versions } from "./kinds.ts";
import { everyItem } from "./session.ts";
import { inSubscription, type Workplace } from "./site.ts";
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

interface Sku {
  readonly resourceType: string;
  readonly name: string;
  readonly family?: string;
  readonly locationInfo?: readonly { readonly zones?: readonly string[] }[];
  readonly capabilities?: readonly { readonly name: string; readonly value: string }[];
  readonly restrictions?: readonly {
    readonly type: string;
    readonly restrictionInfo?: { readonly zones?: readonly string[] };
  }[];
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

/** Every size of machine that the region has. */
export async function sizesOf(place: Workplace): Promise<ReadonlyMap<string, Size>> {
  const filter = encodeURIComponent(`location eq '${place.region}'`);
  const path = inSubscription(
    place,
    `providers/Microsoft.Compute/skus?$filter=${filter}`,
    versions.skus,
  );
  const found = await everyItem<Sku>(place.session, path, `list the sizes of ${place.region}`);
  return new Map(
    found
      .filter(({ resourceType }) => resourceType === "virtualMachines")
      .map((sku) => [sku.name.toLowerCase(), sizeOf(sku)]),
  );
}

function sizeOf({ name, family = "", locationInfo, capabilities, restrictions = [] }: Sku): Size {
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
