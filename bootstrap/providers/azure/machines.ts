import { ensureGround, ensureSets, type Ground } from "./ground.ts";
import { ensureGroup, ensureRegistered } from "./group.ts";
import { isOurs, tagKeys, tagsOf } from "./identity.ts";
import { ensureImage } from "./images.ts";
import { kinds } from "./kinds.ts";
import { diskOf, machineBody, type MachineKind } from "./machine-body.ts";
import { ensureAddress } from "./network.ts";
import { ourMachines } from "./our-machines.ts";
import { ensureThing } from "./part.ts";
import { ensureIdentity } from "./roles.ts";
import { call, ended } from "./session.ts";
import { findThing, type Site } from "./site.ts";
import type { NetworkInterface } from "@azure/arm-network";
import { sizesOf, usableSize, usableZones, zonesFor } from "./sizes.ts";
import { ensureKey } from "./ssh-key.ts";
import { isSpot, poolSizes } from "#bootstrap/providers/machine-size";
import { createGate } from "#bootstrap/plans/gate";
import type { Machine, ProviderContext, WantedMachine } from "#bootstrap/providers/provider";

/** Creates under way at the same time. */
const atOnce = 10;

/** Makes what is missing, network first, and gives the machines as they are then. */
export async function ensureMachines(
  context: ProviderContext,
  site: Site,
  wanted: readonly WantedMachine[],
  caller: string | undefined,
): Promise<readonly Machine[]> {
  await ensureRegistered(site);
  const { kindOf, zones } = await machineKinds(context, site);
  await ensureGroup(site);
  const ground = await ensureGround(site, zones, caller);
  const identity = await ensureIdentity(site);
  const sets = await ensureSets(site, zones, wanted);
  const inner = ground.balancers.find(({ kind }) => kind === "internal");
  const gate = createGate(atOnce);
  const done = await Promise.allSettled(
    wanted.map((one) => {
      const { role } = one;
      const peers = wanted.filter((other) => other.role === role);
      const known = kindOf(one);
      const fitting = one.size === undefined ? zones : zonesFor(site, known.size, zones);
      const zone = fitting[peers.indexOf(one) % Math.max(fitting.length, 1)];
      const set = isSpot(one, site.settings) ? undefined : sets.get(role);
      const kind: MachineKind = {
        ...known,
        ...(role === "control-plane" && { identity, ...(inner && { balancer: inner.address }) }),
      };
      return gate(() => ensureMachine(site, one, kind, ground, { zone, set }));
    }),
  );
  // All have ended by now: a failure must not leave creates behind that nobody waits for.
  const failed = done.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  const names = new Set(wanted.map(({ name }) => name));
  return (await ourMachines(context, site)).filter(({ name }) => names.has(name));
}

async function machineKinds(context: ProviderContext, site: Site) {
  const { settings, book } = site;
  const sizes = await sizesOf(site);
  const publicKey = await ensureKey(settings, context.folder);
  const kind = async (name: string): Promise<MachineKind> => {
    const size = usableSize(site, sizes, name);
    return { size, settings, publicKey, image: await ensureImage(site, book, size.architecture) };
  };
  const plane = await kind(settings.controlPlaneSize);
  const worker = await kind(settings.workerSize);
  const others = new Map<string, MachineKind>();
  for (const size of poolSizes(context.spec.pools)) others.set(size, await kind(size));
  const zones = book.current().zones ?? usableZones(site, [plane.size, worker.size]);
  // Machines that are in availability sets stay there, whatever zones a region gets later.
  await book.change(() => ({ zones }));
  return {
    zones,
    kindOf: ({ role, size = "" }: WantedMachine) =>
      role === "control-plane" ? plane : (others.get(size) ?? worker),
  };
}

async function ensureMachine(
  site: Site,
  wanted: WantedMachine,
  kind: MachineKind,
  ground: Ground,
  { zone, set }: { readonly zone: string | undefined; readonly set: string | undefined },
): Promise<void> {
  const { settings } = site;
  const { name, role } = wanted;
  const tags = { [tagKeys.machine]: name, [tagKeys.pool]: wanted.pool };
  const address = settings.private
    ? undefined
    : await ensureAddress(site, `${name}-ip`, tags, ground.zones);
  const nic = await ensureThing(site, {
    ...{ kind: kinds.nic, name: `${name}-nic`, role, tags },
    body: interfaceBody(settings.subnet !== undefined, role, ground, address?.id),
  });
  await ensureThing(site, {
    ...{ kind: kinds.machine, name, role, tags, onlyNew: true },
    body: machineBody(wanted, kind, {
      nic: nic.id,
      ...(zone !== undefined && { zone }),
      ...(set !== undefined && { set }),
    }),
  });
  await tagDisk(site, wanted, tags);
}

function interfaceBody(
  adopted: boolean,
  role: WantedMachine["role"],
  { subnet, firewall, balancers }: Ground,
  address: string | undefined,
): NetworkInterface {
  const isPlane = role === "control-plane";
  const publicIPAddress = address !== undefined && {
    id: address,
    // A control plane's address is in kubeconfigs: it outlives the machine.
    deleteOption: isPlane ? "Detach" : "Delete",
  };
  const groups = [firewall.groups.nodes, ...(isPlane ? [firewall.groups["control-plane"]] : [])];
  const pools = isPlane ? balancers.map(({ pool }) => ({ id: pool })) : [];
  return {
    enableIPForwarding: true,
    // A subnet of the user's keeps what it has: the rules are the machine's own there.
    ...(adopted && { networkSecurityGroup: { id: firewall.id } }),
    ipConfigurations: [
      {
        name: "primary",
        ...{ primary: true, subnet: { id: subnet }, privateIPAllocationMethod: "Dynamic" },
        ...(publicIPAddress && { publicIPAddress }),
        applicationSecurityGroups: groups.map((id) => ({ id })),
        ...(pools.length > 0 && { loadBalancerBackendAddressPools: pools }),
      },
    ],
  };
}

/** Azure makes the disk of a machine, and need not give it the machine's tags. */
async function tagDisk(
  site: Site,
  { name, role }: WantedMachine,
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  const { session, identity, clients, resourceGroup } = site;
  const disk = await findThing(site, kinds.disk, diskOf(name));
  if (!disk || isOurs(identity, disk.tags)) return;
  const body = { tags: { ...disk.tags, ...tagsOf(identity, role, extra) } };
  await call(session, `tag the disk of ${name}`, async (options) => {
    const { disks } = await clients.compute();
    await ended(disks.update(resourceGroup, disk.name, body, options), options);
  });
}
