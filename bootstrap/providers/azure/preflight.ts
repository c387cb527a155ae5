import { allowedNetworks } from "#bootstrap/providers/caller-address";
import { balancerKinds } from "./balancer.ts";
import { usableGroup } from "./group.ts";
import { isOurs } from "./identity.ts";
import { newestVersion } from "./images.ts";
import { kinds, type Thing } from "./kinds.ts";
import { checkQuotas } from "./limits.ts";
import { ourMachines } from "./our-machines.ts";
import { adoptedSubnet, wantsNat } from "./network.ts";
import { taken } from "./part.ts";
import { checkRights } from "./rights.ts";
import { findThing, type Workplace } from "./site.ts";
import { sizesOf, usableSize, usableZones, zonesFor, type Size } from "./sizes.ts";
import { checkKey } from "./ssh-key.ts";
import { isSpot, sizeFor } from "#bootstrap/providers/machine-size";
import { refuseOverlap } from "#bootstrap/providers/own-network";
import type { ProviderContext, WantedMachine } from "#bootstrap/providers/provider";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

/** Everything that can be known before the first create; nothing is made. */
export async function checkBeforehand(
  context: ProviderContext,
  place: Workplace,
  caller: string | undefined,
): Promise<void> {
  const { settings } = place;
  await checkKey(settings, context.folder);
  if (!settings.private) allowedNetworks(settings.allowCIDRs, caller);
  await checkRights(place);
  const there = await usableGroup(place);
  if (there) await refuseForeignNames(context, place);
  const sizes = await sizesOf(place);
  const plane = usableSize(place, sizes, settings.controlPlaneSize);
  const worker = usableSize(place, sizes, settings.workerSize);
  const sizeOf = (one: Pick<WantedMachine, "role" | "size">) =>
    usableSize(place, sizes, sizeFor(one, settings));
  const pools = context.spec.pools.map((pool) => ({ ...pool, role: "worker" as const }));
  checkSpot(settings.spot, worker);
  for (const pool of pools) checkSpot(isSpot(pool, settings), sizeOf(pool));
  warnOfBurstable(context, plane);
  const zones = place.record?.zones ?? usableZones(place, [plane, worker]);
  for (const pool of pools) zonesFor(place, sizeOf(pool), zones);
  await checkNetwork(context, place);
  const all = [plane, worker, ...pools.map(sizeOf)];
  for (const architecture of new Set(all.map((one) => one.architecture))) {
    if (place.record?.images[architecture] === undefined) await newestVersion(place, architecture);
  }
  const present = new Set((await ourMachines(context, place)).map(({ name }) => name));
  const missing = wantedMachines(context.spec).filter(({ name }) => !present.has(name));
  const open = balancerKinds(settings).includes("public");
  const extra = place.record ? 0 : Number(wantsNat(settings)) + Number(open);
  await checkQuotas(place, {
    machines: missing.map((one) => ({ size: sizeOf(one), spot: isSpot(one, settings) })),
    addresses: extra + (settings.private ? 0 : missing.length),
  });
}

function checkSpot(wanted: boolean, size: Size): void {
  if (!wanted || size.spot) return;
  throw new ClouderError("refused", `Azure has no spot machines of the size ${size.name}`, {
    hint: "choose another with --worker-size or --flavor, for example Standard_D4s_v5, or leave --spot out",
  });
}

function warnOfBurstable({ report }: ProviderContext, plane: Size): void {
  if (!plane.burstable) return;
  report({
    type: "note",
    level: "warn",
    message: `${plane.name} has rationed processor time, under which etcd suffers; for more than trials take Standard_D4s_v5`,
  });
}

/** Names in a group of the user's may be somebody else's. */
async function refuseForeignNames({ spec }: ProviderContext, place: Workplace): Promise<void> {
  const { cluster } = place.identity;
  const machines = wantedMachines(spec).map(({ name }) => name);
  const names = [
    ...(["network", "firewall", "nat", "balancer", "identity"] as const).map(
      (kind) => [kinds[kind], `${cluster}-${suffixes[kind]}`] as const,
    ),
    ...machines.map((name) => [kinds.machine, name] as const),
    ...machines.map((name) => [kinds.nic, `${name}-nic`] as const),
    ...machines.map((name) => [kinds.address, `${name}-ip`] as const),
  ];
  for (const [kind, name] of names) {
    const found = await findThing<Thing>(place, kind, name);
    if (found && !isOurs(place.identity, found.tags)) throw taken(place, kind, name);
  }
}

const suffixes = {
  ...{ network: "vnet", firewall: "nsg", nat: "nat", balancer: "lb", identity: "identity" },
} as const;

async function checkNetwork({ spec }: ProviderContext, place: Workplace): Promise<void> {
  const { settings } = place;
  const machines = wantedMachines(spec).length;
  const adopted =
    settings.subnet === undefined ? undefined : await adoptedSubnet(place, settings.subnet);
  if (adopted) {
    refuseOverlap({ what: "network", cidr: adopted.cidr }, spec.network);
    checkWayOut(settings.private, adopted.wayOut);
  } else {
    refuseOverlap({ what: "network", cidr: settings.vnetCIDR, flag: "--vnet-cidr" }, spec.network);
  }
  const cidr = adopted?.cidr ?? settings.subnetCIDR;
  const prefix = parseNetwork(cidr)?.prefix ?? 32;
  // Azure keeps five addresses of a subnet; an internal load balancer wants one.
  const room = 2 ** (32 - prefix) - 6 - (adopted?.addresses ?? 0);
  const present = place.record ? machines : 0;
  if (machines - (adopted ? present : 0) > room) {
    throw new ClouderError(
      "config",
      `the subnet ${cidr} has room for ${Math.max(room, 0)} machines, ${machines} are wanted`,
      { hint: "choose a larger one, or ask for fewer machines" },
    );
  }
}

function checkWayOut(hidden: boolean, wayOut: boolean): void {
  if (hidden && !wayOut) {
    throw new ClouderError(
      "config",
      "machines without public addresses would not reach the Internet from that subnet",
      { hint: "give the subnet a NAT gateway or a route table, or leave --private out" },
    );
  }
}
