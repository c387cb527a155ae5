import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypesCommand,
  paginateDescribeInstanceTypeOfferings,
} from "@aws-sdk/client-ec2";
import type { Architecture } from "./image-table.ts";
import { hasAwsCode } from "./aws-error.ts";
import { everyItem } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import { ClouderError } from "#core/error";

/** What a size of machine is. */
export interface MachineType {
  readonly name: string;
  readonly architecture: Architecture;
  readonly vcpus: number;
  /** Its processor time is rationed. */
  readonly burstable: boolean;
}

/** The sizes by name; `config` names one that AWS does not have in this region. */
export async function machineTypes(
  session: AwsSession,
  names: readonly string[],
): Promise<ReadonlyMap<string, MachineType>> {
  const wanted = [...new Set(names)];
  const types = new Map<string, MachineType>();
  for (const name of wanted) types.set(name, await machineType(session, name));
  return types;
}

async function machineType(session: AwsSession, name: string): Promise<MachineType> {
  const unknown = (cause?: unknown) =>
    new ClouderError("config", `${session.region} has no machines of the size "${name}"`, {
      hint: `see: aws ec2 describe-instance-types --region ${session.region}; usual sizes are t3.large, m5.xlarge, m6i.xlarge`,
      cause,
    });
  try {
    const { InstanceTypes: [found] = [] } = await look(session, `look up ${name}`, () =>
      session.ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [name as never] })),
    );
    if (!found) throw unknown();
    const architectures = found.ProcessorInfo?.SupportedArchitectures ?? [];
    return {
      name,
      architecture: architectures.includes("arm64") ? "arm64" : "x86_64",
      vcpus: found.VCpuInfo?.DefaultVCpus ?? 0,
      burstable: found.BurstablePerformanceSupported ?? false,
    };
  } catch (error) {
    if (hasAwsCode(error, /^InvalidInstanceType$|^InvalidParameterValue$/)) throw unknown(error);
    throw error;
  }
}

/** Tells which zones of the region offer which of the sizes. */
export async function offersOf(
  session: AwsSession,
  sizes: readonly string[],
): Promise<(size: string, zone: string) => boolean> {
  if (sizes.length === 0) return () => false;
  const offers = await look(session, "ask which zones offer the sizes", () =>
    everyItem(
      paginateDescribeInstanceTypeOfferings(
        { client: session.ec2 },
        {
          LocationType: "availability-zone",
          Filters: [{ Name: "instance-type", Values: [...new Set(sizes)] }],
        },
      ),
      (page) => page.InstanceTypeOfferings,
    ),
  );
  return (size, zone) =>
    offers.some(({ InstanceType, Location }) => InstanceType === size && Location === zone);
}

/**
 * Zones of the region that offer every wanted size, in order; `refused` when there are fewer than
 * two, `config` when the user named one that does not.
 */
export async function usableZones(
  session: AwsSession,
  sizes: readonly string[],
  named: readonly string[],
): Promise<readonly string[]> {
  const { AvailabilityZones: zones = [] } = await look(session, "list the zones", () =>
    session.ec2.send(new DescribeAvailabilityZonesCommand({})),
  );
  const open = zones
    .filter(
      ({ State, ZoneType }) =>
        State === "available" && (ZoneType ?? "availability-zone") === "availability-zone",
    )
    .map(({ ZoneName }) => ZoneName ?? "")
    .sort();
  const wanted = [...new Set(sizes)];
  const offers = await offersOf(session, wanted);
  const offering = open.filter((zone) => wanted.every((size) => offers(size, zone)));
  const wrong = named.find((zone) => !offering.includes(zone));
  if (wrong !== undefined) {
    throw new ClouderError("config", `the zone ${wrong} does not offer ${wanted.join(" and ")}`, {
      hint: `zones that do: ${offering.join(", ") || "none"}`,
    });
  }
  const usable = named.length > 0 ? named : offering;
  if (usable.length < 2) {
    throw new ClouderError(
      "refused",
      `${session.region} offers ${wanted.join(" and ")} in fewer than two zones`,
      { hint: "choose another size or region" },
    );
  }
  return usable;
}
