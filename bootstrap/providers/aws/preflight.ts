import {
  CreateVpcCommand,
  DescribeVpcsCommand,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { adoptedNetwork } from "./adopt.ts";
import { hasAwsCode } from "./aws-error.ts";
import { allowedNetworks } from "#bootstrap/providers/caller-address";
import { tagKeys, tagValue, type AwsIdentity } from "./identity.ts";
import { newestImage } from "./images.ts";
import { nameOf, ourInstances } from "./instances.ts";
import { checkKey } from "./key-pair.ts";
import { checkQuotas } from "./limits.ts";
import { subnetBlocks } from "./network.ts";
import { everyItem } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import type { AwsSettings } from "./settings.ts";
import type { Workplace } from "./workplace.ts";
import { machineTypes, offersOf, usableZones, type MachineType } from "./zones.ts";
import { isSpot, poolSizes, sizeFor } from "#bootstrap/providers/machine-size";
import { refuseOverlap } from "#bootstrap/providers/own-network";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError, hasCode } from "#core/error";

/** Everything that can be known before the first create; nothing is made. */
export async function checkBeforehand(
  context: ProviderContext,
  workplace: Workplace,
  identity: AwsIdentity,
  caller: string | undefined,
): Promise<void> {
  const { session, settings } = workplace;
  await refuseForeign(session, identity);
  await checkKey(session, settings, context.folder);
  if (!settings.private) allowedNetworks(settings.allowCIDRs, caller);
  const sizes = sizesOf(settings);
  const ofPools = poolSizes(context.spec.pools);
  const types = await machineTypes(session, [...sizes, ...ofPools]);
  warnOfBurstable(context, types.get(settings.controlPlaneSize));
  const zones = await usableZones(session, sizes, settings.zones);
  refuseNotOffered(session, ofPools, zones, await offersOf(session, ofPools));
  await checkRanges(context, workplace);
  await checkImages(workplace, [...types.values()]);
  await checkRoom(context, workplace, identity, types);
}

function warnOfBurstable({ report }: ProviderContext, plane: MachineType | undefined): void {
  if (!plane?.burstable) return;
  report({
    type: "note",
    level: "warn",
    message: `${plane.name} has rationed processor time, under which etcd suffers; for more than trials take m6i.xlarge`,
  });
}

async function checkImages(
  { session, settings, record }: Workplace,
  types: readonly MachineType[],
): Promise<void> {
  if (settings.ami !== undefined) return;
  for (const one of new Set(types.map(({ architecture }) => architecture))) {
    if (record?.images[one] === undefined) await newestImage(session, settings.image, one);
  }
}

/** Rights and quotas for what is missing. */
async function checkRoom(
  { spec }: ProviderContext,
  { session, settings, record }: Workplace,
  identity: AwsIdentity,
  types: ReadonlyMap<string, MachineType>,
): Promise<void> {
  const present = new Set((await ourInstances(session, identity)).map(nameOf));
  const missing = wantedMachines(spec).filter(({ name }) => !present.has(name));
  const first = present.size === 0 && record === undefined;
  const newNetwork = first && settings.vpc === undefined;
  if (newNetwork) await checkRights(session, settings);
  await checkQuotas(session, {
    machines: missing.flatMap((one) => {
      const type = types.get(sizeFor(one, settings));
      return type ? [{ type, spot: isSpot(one, settings) }] : [];
    }),
    vpcs: newNetwork ? 1 : 0,
    addresses: first && settings.private && settings.vpc === undefined ? 1 : 0,
  });
}

/** Sizes of pools need not be offered everywhere, but somewhere among the cluster's zones. */
export function refuseNotOffered(
  { region }: AwsSession,
  sizes: readonly string[],
  zones: readonly string[],
  offers: Awaited<ReturnType<typeof offersOf>>,
): void {
  const size = sizes.find((one) => !zones.some((zone) => offers(one, zone)));
  if (size === undefined) return;
  throw new ClouderError("refused", `no zone of the cluster in ${region} offers ${size}`, {
    hint: `its zones are ${zones.join(", ")}: choose another size`,
  });
}

/** The sizes of both roles. */
export const sizesOf = ({ controlPlaneSize, workerSize }: AwsSettings): readonly string[] => [
  controlPlaneSize,
  workerSize,
];

/** Controllers go by the cluster's name: two of one name in a region would take each other's things. */
async function refuseForeign(session: AwsSession, { cluster, uid }: AwsIdentity): Promise<void> {
  const Filters = [{ Name: `tag:${tagKeys.cluster}`, Values: [cluster] }];
  const { Vpcs = [] } = await look(session, "look for clusters of this name", () =>
    session.ec2.send(new DescribeVpcsCommand({ Filters })),
  );
  const live = ["pending", "running", "stopping", "stopped"];
  const machines = await look(session, "look for machines of this name", () =>
    everyItem(
      paginateDescribeInstances(
        { client: session.ec2 },
        { Filters: [...Filters, { Name: "instance-state-name", Values: live }] },
      ),
      (page) => page.Reservations?.flatMap(({ Instances = [] }) => Instances),
    ),
  );
  const foreign = [
    ...Vpcs.map(({ VpcId, Tags }) => ({ id: VpcId, Tags })),
    ...machines.map(({ InstanceId, Tags }) => ({ id: InstanceId, Tags })),
  ].find(({ Tags }) => tagValue(Tags, tagKeys.uid) !== uid);
  if (!foreign) return;
  throw new ClouderError(
    "exists",
    `${session.region} has a cluster "${cluster}" that was made elsewhere (${foreign.id ?? ""})`,
    { hint: "choose another name; that one is left alone" },
  );
}

async function checkRanges(
  { spec }: ProviderContext,
  { session, settings }: Workplace,
): Promise<void> {
  const machines = wantedMachines(spec).length;
  if (settings.vpc !== undefined) {
    const { cidr } = await adoptedNetwork(session, settings, machines);
    refuseOverlap({ what: "VPC", cidr }, spec.network);
    return;
  }
  refuseOverlap({ what: "VPC", cidr: settings.vpcCIDR, flag: "--vpc-cidr" }, spec.network);
  const [block = ""] = subnetBlocks(settings.vpcCIDR);
  const prefix = parseNetwork(block)?.prefix ?? 32;
  // AWS keeps five addresses of a subnet, load balancers want eight.
  const room = 2 * (2 ** (32 - prefix) - 13);
  if (machines > room) {
    throw new ClouderError(
      "config",
      `the VPC ${settings.vpcCIDR} has room for ${room} machines, ${machines} are wanted`,
      { hint: "choose a larger one with --vpc-cidr" },
    );
  }
}

/** AWS tells, without doing it, whether this identity may make a network. */
async function checkRights(session: AwsSession, { vpcCIDR }: AwsSettings): Promise<void> {
  try {
    await look(session, "make a VPC", () =>
      session.ec2.send(new CreateVpcCommand({ CidrBlock: vpcCIDR, DryRun: true })),
    );
  } catch (error) {
    if (hasAwsCode(error, /^DryRunOperation$/)) return;
    if (hasCode(error, "denied", "unauthenticated")) throw error;
    // Another refusal, a quota for example, is told by the check for it.
  }
}
