import {
  RunInstancesCommand,
  StartInstancesCommand,
  paginateDescribeInstances,
  type Instance,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { hasAwsCode } from "./aws-error.ts";
import { clientToken, ours, tagKeys, tagValue, tagged, type AwsIdentity } from "./identity.ts";
import type { MachineImage } from "./images.ts";
import type { SubnetPlace } from "./network.ts";
import { ensurePart, everyItem, given, type Place } from "./part.ts";
import { afterRemovalOf, generationOf } from "./record.ts";
import { change, createOnce, look, type AwsSession } from "./session.ts";
import type { AwsSettings } from "./settings.ts";
import { isSpot } from "#bootstrap/providers/machine-size";
import type { WantedMachine } from "#bootstrap/providers/provider";
import { waitFor } from "#core/retry";

/** What all machines of one kind have in common. */
export interface MachineKind {
  readonly size: string;
  readonly image: MachineImage;
  readonly profile: string;
  readonly groups: readonly string[];
  readonly keyPair: string;
  readonly settings: AwsSettings;
}

/** Instances of the cluster that are neither gone nor going. */
export async function ourInstances(
  session: AwsSession,
  identity: AwsIdentity,
): Promise<readonly Instance[]> {
  const found = await look(session, "list the machines", () =>
    everyItem(
      paginateDescribeInstances({ client: session.ec2 }, { Filters: ours(identity) }),
      (page) => page.Reservations?.flatMap(({ Instances = [] }) => Instances),
    ),
  );
  return found.filter(isThere);
}

const isThere = ({ State }: Instance): boolean =>
  State?.Name !== "terminated" && State?.Name !== "shutting-down";

/** A machine among the parts of a cluster. */
export const machinePart = (name: string): string => `machine-${name}`;

/** The machine's name as its nodes have it. */
export const nameOf = ({ Tags }: Instance): string => tagValue(Tags, "Name");

/** The instance of a wanted machine, made or started where it is missing or stopped. */
export async function ensureInstance(
  place: Place,
  wanted: WantedMachine,
  kind: MachineKind,
  subnet: SubnetPlace,
  known: Instance | undefined,
): Promise<Instance> {
  const part = machinePart(wanted.name);
  const find = async () =>
    (await ourInstances(place.session, place.identity)).find((one) => nameOf(one) === wanted.name);
  const instance = await ensurePart(place, part, {
    known,
    find,
    create: () => launch(place, wanted, kind, subnet),
  });
  if (instance.State?.Name === "stopped" || instance.State?.Name === "stopping") {
    await startAgain(place.session, instance);
  }
  return instance;
}

/** A token whose machine is gone gives that machine back, or an error: the next token is taken. */
async function launch(
  place: Place,
  wanted: WantedMachine,
  kind: MachineKind,
  subnet: SubnetPlace,
): Promise<Instance> {
  const { session, book } = place;
  for (;;) {
    const generation = generationOf(book.current(), machinePart(wanted.name));
    const input = launchInput(place.identity, wanted, kind, subnet, generation);
    try {
      const { Instances: [made] = [] } = await createOnce(
        session,
        `start the machine ${wanted.name}`,
        () => session.ec2.send(new RunInstancesCommand(input)),
        // Profiles, groups and subnets of a moment ago are not known everywhere yet.
        /^(InvalidParameterValue|InvalidIamInstanceProfile.*|InvalidGroup(Id)?\.NotFound|InvalidSubnetI[Dd]\.NotFound|InvalidKeyPair\.NotFound)$/,
      );
      if (made && isThere(made)) return made;
    } catch (error) {
      if (!hasAwsCode(error, /^IdempotentInstanceTerminated$/)) throw error;
    }
    await book.change((record) => ({
      generations: afterRemovalOf(record, [machinePart(wanted.name)]),
    }));
  }
}

/** The call that starts a machine; the same for the same machine in every run. */
export function launchInput(
  identity: AwsIdentity,
  wanted: WantedMachine,
  kind: MachineKind,
  subnet: SubnetPlace,
  generation: string,
): RunInstancesCommandInput {
  const { settings, image } = kind;
  const isPlane = wanted.role === "control-plane";
  const spot = isSpot(wanted, settings);
  const part = {
    part: machinePart(wanted.name),
    ...{ role: wanted.role, name: wanted.name },
    extra: {
      [tagKeys.pool]: wanted.pool,
      [`kubernetes.io/cluster/${identity.cluster}`]: "owned",
    },
  };
  const types = ["instance", "volume", "network-interface"] as const;
  return {
    ...{ MinCount: 1, MaxCount: 1, ImageId: image.id },
    InstanceType: kind.size as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    ClientToken: clientToken(identity, part.part, generation),
    KeyName: kind.keyPair,
    IamInstanceProfile: { Name: kind.profile },
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet.id,
        Groups: [...kind.groups],
        AssociatePublicIpAddress: !settings.private,
        DeleteOnTermination: true,
      },
    ],
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDevice,
        Ebs: {
          ...{ VolumeSize: settings.osDiskSize, VolumeType: "gp3" },
          ...{ Encrypted: true, DeleteOnTermination: true },
        },
      },
    ],
    // Two hops reach pods: only the cloud's controllers, on control planes, are to have the role.
    MetadataOptions: {
      ...{ HttpEndpoint: "enabled", HttpTokens: "required" },
      HttpPutResponseHopLimit: isPlane ? 2 : 1,
    },
    ...(spot && {
      InstanceMarketOptions: {
        MarketType: "spot",
        SpotOptions: {
          SpotInstanceType: "one-time",
          InstanceInterruptionBehavior: "terminate",
        },
      },
    }),
    ...tagged(identity, part, ...types, ...(spot ? (["spot-instances-request"] as const) : [])),
  };
}

async function startAgain(session: AwsSession, { InstanceId }: Instance): Promise<void> {
  const id = given(InstanceId, "a machine");
  await change(
    session,
    `start ${id} again`,
    () => session.ec2.send(new StartInstancesCommand({ InstanceIds: [id] })),
    /^IncorrectInstanceState$/,
  );
}

/** Waits until every machine runs and has its addresses; gives them as they are then. */
export async function running(
  session: AwsSession,
  identity: AwsIdentity,
  names: readonly string[],
): Promise<ReadonlyMap<string, Instance>> {
  return await waitFor(
    `that ${names.length} machines run`,
    {
      ...{ timeoutMs: 600_000, everyMs: 3000, clock: session.clock, signal: session.signal },
      hint: "look at the machines' state: kubectl clouder aws vm-ls",
    },
    async () => {
      const found = new Map(
        (await ourInstances(session, identity))
          .filter(({ State }) => State?.Name === "running")
          .map((one) => [nameOf(one), one]),
      );
      return names.every((name) => found.get(name)?.PrivateIpAddress) ? found : undefined;
    },
  );
}
