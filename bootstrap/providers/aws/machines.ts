import type { Instance } from "@aws-sdk/client-ec2";
import { ensureBalancer, registerTargets, type BalancerKind } from "./balancer.ts";
import { allowedNetworks } from "#bootstrap/providers/caller-address";
import { ensureGroups } from "./firewall.ts";
import { tagKeys, tagValue } from "./identity.ts";
import { images, type Architecture } from "./image-table.ts";
import { ensureImage } from "./images.ts";
import { ensureInstance, nameOf, ourInstances, running, type MachineKind } from "./instances.ts";
import { ensureKeyPair } from "./key-pair.ts";
import { ensureNetwork, type AwsNetwork } from "./network.ts";
import { given, type Place } from "./part.ts";
import { refuseNotOffered, sizesOf } from "./preflight.ts";
import { ensureProfile } from "./roles.ts";
import type { AwsSettings } from "./settings.ts";
import { openSite, type Workplace } from "./workplace.ts";
import { machineTypes, offersOf, usableZones } from "./zones.ts";
import { accessTo } from "#bootstrap/providers/machine-access";
import { poolSizes } from "#bootstrap/providers/machine-size";
import { createGate } from "#bootstrap/plans/gate";
import type {
  Machine,
  MachineRole,
  ProviderContext,
  WantedMachine,
} from "#bootstrap/providers/provider";

/** Creates under way at the same time; EC2's throttle lets so many through. */
const atOnce = 10;

/** Makes what is missing, network first, and gives the machines as they run then. */
export async function ensureMachines(
  context: ProviderContext,
  workplace: Workplace,
  wanted: readonly WantedMachine[],
  caller: string | undefined,
): Promise<readonly Machine[]> {
  const { settings, session } = workplace;
  const place = await openSite(context, workplace);
  const planes = wanted.filter(({ role }) => role === "control-plane");
  const ofPools = poolSizes(context.spec.pools);
  const offers = await offersOf(session, ofPools);
  const offered = (zone: string) => ofPools.filter((size) => offers(size, zone)).length;
  // Subnets go to zones that have what pools want, too.
  const zones = (await usableZones(session, sizesOf(settings), settings.zones)).toSorted(
    (one, other) => offered(other) - offered(one),
  );
  const count = Math.min(zones.length, settings.zones.length || (planes.length >= 3 ? 3 : 2), 4);
  const network = await ensureNetwork(place, settings, zones, count);
  const kinds = balancerKinds(settings);
  const groups = await ensureGroups(place, network.vpc, {
    allowed: settings.private ? settings.allowCIDRs : allowedNetworks(settings.allowCIDRs, caller),
    ingress: settings.ingress,
    balancers: kinds,
    ...(settings.private && { inside: network.cidr }),
  });
  const kindOf = await machineKinds(context, workplace, place, groups);
  const balancers = await Promise.all(
    kinds.map((kind) =>
      ensureBalancer(place, kind, {
        vpc: network.vpc,
        subnets: kind === "api-public" ? network.open : network.nodes,
        group: given(groups[kind], kind),
      }),
    ),
  );
  refuseNotOffered(...([session, ofPools, network.nodes.map(({ zone }) => zone), offers] as const));
  const subnetsFor = ({ size }: WantedMachine) =>
    size === undefined ? network.nodes : network.nodes.filter(({ zone }) => offers(size, zone));
  await ensureInstances(place, wanted, kindOf, subnetsFor);
  const found = await running(
    session,
    place.identity,
    wanted.map(({ name }) => name),
  );
  const planeIds = planes.map(({ name }) => given(found.get(name)?.InstanceId, name));
  for (const balancer of balancers) await registerTargets(session, balancer, planeIds);
  return wanted.map(({ name }) => machineOf(context, settings, found.get(name) ?? {}));
}

/**
 * Nodes find the API servers by a balancer inside of the VPC, people by one outside, from the first
 * control plane on: names that are in every certificate, and stay when there are more.
 */
export function balancerKinds(settings: Pick<AwsSettings, "private">): readonly BalancerKind[] {
  return settings.private ? ["api-internal"] : ["api-internal", "api-public"];
}

async function machineKinds(
  { folder, spec }: ProviderContext,
  { session, settings, caller }: Workplace,
  place: Place,
  groups: { readonly nodes: string; readonly "control-plane": string },
): Promise<(wanted: WantedMachine) => MachineKind> {
  const ofPools = poolSizes(spec.pools);
  const types = await machineTypes(session, [...sizesOf(settings), ...ofPools]);
  const partition = caller.arn.split(":")[1] ?? "aws";
  const keyPair = await ensureKeyPair(place, settings, folder);
  const kind = async (role: MachineRole, size: string): Promise<MachineKind> => {
    const architecture: Architecture = types.get(size)?.architecture ?? "x86_64";
    return {
      ...{ size, settings, keyPair },
      image: await ensureImage(session, place.book, settings, architecture),
      profile: await ensureProfile(place, role, partition),
      groups: role === "control-plane" ? [groups.nodes, groups["control-plane"]] : [groups.nodes],
    };
  };
  const plane = await kind("control-plane", settings.controlPlaneSize);
  const worker = await kind("worker", settings.workerSize);
  const others = new Map<string, MachineKind>();
  for (const size of ofPools) others.set(size, await kind("worker", size));
  return ({ role, size = "" }) => (role === "control-plane" ? plane : (others.get(size) ?? worker));
}

async function ensureInstances(
  place: Place,
  wanted: readonly WantedMachine[],
  kindOf: (wanted: WantedMachine) => MachineKind,
  subnetsFor: (wanted: WantedMachine) => AwsNetwork["nodes"],
): Promise<void> {
  const known = await ourInstances(place.session, place.identity);
  const gate = createGate(atOnce);
  const done = await Promise.allSettled(
    wanted.map((one) => {
      const peers = wanted.filter(({ role }) => role === one.role);
      const subnets = subnetsFor(one);
      const subnet = subnets[peers.indexOf(one) % subnets.length];
      return gate(() =>
        ensureInstance(
          place,
          one,
          kindOf(one),
          subnet ?? { id: "", zone: "" },
          known.find((instance) => nameOf(instance) === one.name),
        ),
      );
    }),
  );
  // All have ended by now: a failure must not leave creates behind that nobody waits for.
  const failed = done.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

/** An instance as the rest of the program sees it. */
export function machineOf(
  context: ProviderContext,
  settings: AwsSettings,
  instance: Instance,
): Machine {
  const privateAddress = instance.PrivateIpAddress ?? "";
  const publicAddress = settings.private ? undefined : instance.PublicIpAddress;
  const role = tagValue(instance.Tags, tagKeys.role);
  return {
    name: nameOf(instance),
    role: role === "control-plane" ? role : "worker",
    pool: tagValue(instance.Tags, tagKeys.pool),
    privateAddress,
    ...(publicAddress && { publicAddress }),
    cloudNames: [instance.PrivateDnsName, instance.PublicDnsName].filter(
      (one) => one !== undefined,
    ),
    providerID: `aws:///${instance.Placement?.AvailabilityZone ?? ""}/${instance.InstanceId ?? ""}`,
    reach: accessTo(context, settings, {
      host: publicAddress ?? privateAddress,
      user: settings.user ?? images[settings.image]?.user ?? "ubuntu",
    }),
  };
}
