import {
  DescribeAddressesCommand,
  DescribeVpcsCommand,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
} from "@aws-sdk/client-service-quotas";
import { isGone } from "./aws-error.ts";
import { everyItem } from "./part.ts";
import { glance, look, type AwsSession } from "./session.ts";
import type { MachineType } from "./zones.ts";
import { ClouderError, hasCode } from "#core/error";

/** What a create will add. */
export interface Demand {
  readonly machines: readonly { readonly type: MachineType; readonly spot: boolean }[];
  readonly vpcs: number;
  readonly addresses: number;
}

/** Quotas of running instances by the families of their sizes: on demand and spot. */
const vcpuQuotas = [
  { families: /^[acdhimrtz]/, title: "standard", onDemand: "L-1216C47A", spot: "L-34B43A08" },
  { families: /^(g|vt)/, title: "G and VT", onDemand: "L-DB2E81BA", spot: "L-3819A6DF" },
  { families: /^p/, title: "P", onDemand: "L-417A185B", spot: "L-7212CCBC" },
] as const;

/** Fails with `refused` before the first create when a quota of the region does not suffice. */
export async function checkQuotas(session: AwsSession, demand: Demand): Promise<void> {
  if (demand.vpcs > 0) {
    const { Vpcs = [] } = await look(session, "count the VPCs", () =>
      session.ec2.send(new DescribeVpcsCommand({})),
    );
    await demandFits(session, "VPCs", ["vpc", "L-F678F1CE"], Vpcs.length, demand.vpcs);
  }
  if (demand.addresses > 0) {
    const { Addresses = [] } = await look(session, "count the public addresses", () =>
      session.ec2.send(new DescribeAddressesCommand({})),
    );
    await demandFits(
      ...([session, "elastic addresses", ["ec2", "L-0263D0A3"]] as const),
      Addresses.length,
      demand.addresses,
    );
  }
  if (demand.machines.length > 0) await checkProcessors(session, demand);
}

async function checkProcessors(session: AwsSession, { machines }: Demand): Promise<void> {
  const present = await look(session, "count the processors in use", () =>
    everyItem(
      paginateDescribeInstances(
        { client: session.ec2 },
        { Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] },
      ),
      (page) => page.Reservations?.flatMap(({ Instances = [] }) => Instances),
    ),
  );
  for (const quota of vcpuQuotas) {
    for (const spot of [false, true]) {
      const wanted = machines
        .filter((one) => one.spot === spot && quota.families.test(one.type.name))
        .reduce((sum, { type }) => sum + type.vcpus, 0);
      if (wanted === 0) continue;
      const used = present
        .filter(({ InstanceType = "" }) => quota.families.test(InstanceType))
        .filter(({ InstanceLifecycle }) => (InstanceLifecycle === "spot") === spot)
        .reduce(
          (sum, { CpuOptions: cpu }) => sum + (cpu?.CoreCount ?? 1) * (cpu?.ThreadsPerCore ?? 1),
          0,
        );
      const title = `vCPUs of running ${spot ? "spot" : "on-demand"} ${quota.title} instances`;
      await demandFits(session, title, ["ec2", spot ? quota.spot : quota.onDemand], used, wanted);
    }
  }
}

async function demandFits(
  session: AwsSession,
  what: string,
  [service, code]: readonly [string, string],
  used: number,
  wanted: number,
): Promise<void> {
  const limit = await quotaOf(session, service, code);
  if (limit === undefined || used + wanted <= limit) return;
  throw new ClouderError(
    "refused",
    `${session.region} allows ${limit} ${what}, ${used} are in use and ${wanted} more are wanted`,
    {
      hint: `ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${used + wanted}`,
      details: { limit, used, wanted },
    },
  );
}

/** The quota; undefined when this identity may not read it, which is no reason to give up. */
async function quotaOf(
  session: AwsSession,
  ServiceCode: string,
  QuotaCode: string,
): Promise<number | undefined> {
  // A quota that was never changed has only its default.
  for (const Command of [GetServiceQuotaCommand, GetAWSDefaultServiceQuotaCommand]) {
    try {
      const { Quota } = await glance(session, `read the quota ${QuotaCode}`, () =>
        session.quotas.send(new Command({ ServiceCode, QuotaCode })),
      );
      if (Quota?.Value !== undefined) return Quota.Value;
    } catch (error) {
      if (!isGone(error) && !hasCode(error, "denied", "config", "unreachable", "busy")) throw error;
    }
  }
  session.report({
    type: "note",
    level: "warn",
    message: `the quota ${ServiceCode}/${QuotaCode} could not be read; AWS tells when it is exceeded`,
  });
  return undefined;
}
