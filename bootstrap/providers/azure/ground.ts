import { balancerKinds, ensureBalancer, type Balancer } from "./balancer.ts";
import { ensureFirewall, type Firewall } from "./firewall.ts";
import { kinds } from "./kinds.ts";
import { adoptedSubnet, ensureNat, ensureSubnet, wantsNat } from "./network.ts";
import { ensureThing } from "./part.ts";
import type { Site } from "./site.ts";
import { allowedNetworks } from "#bootstrap/providers/caller-address";
import { isSpot } from "#bootstrap/providers/machine-size";
import type { MachineRole, WantedMachine } from "#bootstrap/providers/provider";

/** What machines are put into. */
export interface Ground {
  readonly subnet: string;
  readonly firewall: Firewall;
  /** None where the region, or a size, has none. */
  readonly zones: readonly string[];
  /** What control planes join. */
  readonly balancers: readonly Balancer[];
}

/** Network, firewall and load balancers, in the order in which they need each other. */
export async function ensureGround(
  site: Site,
  zones: readonly string[],
  caller: string | undefined,
): Promise<Ground> {
  const { settings } = site;
  const nat = wantsNat(settings) ? await ensureNat(site) : undefined;
  const adopted =
    settings.subnet === undefined ? undefined : await adoptedSubnet(site, settings.subnet);
  const inside = adopted?.cidr ?? settings.vnetCIDR;
  const people = settings.private
    ? [...settings.allowCIDRs, inside]
    : allowedNetworks(settings.allowCIDRs, caller);
  const firewall = await ensureFirewall(site, { people, ingress: settings.ingress });
  const subnet = await ensureSubnet(site, firewall.id, nat);
  const balancers = await Promise.all(
    balancerKinds(settings).map((kind) => ensureBalancer(site, kind, subnet, zones)),
  );
  return { subnet, firewall, zones, balancers };
}

/** Where there are no zones, machines of a role are kept apart by an availability set. */
export async function ensureSets(
  site: Site,
  zones: readonly string[],
  wanted: readonly WantedMachine[],
): Promise<ReadonlyMap<MachineRole, string>> {
  const made = new Map<MachineRole, string>();
  if (zones.length > 0) return made;
  for (const role of ["control-plane", "worker"] as const) {
    // Azure takes no spot machines into one.
    if (wanted.every((one) => one.role !== role || isSpot(one, site.settings))) continue;
    const set = await ensureThing(site, {
      ...{ kind: kinds.set, name: `${site.identity.cluster}-${role}-avset`, role },
      body: {
        sku: { name: "Aligned" },
        ...{ platformFaultDomainCount: 2, platformUpdateDomainCount: 5 },
      },
    });
    made.set(role, set.id);
  }
  return made;
}
