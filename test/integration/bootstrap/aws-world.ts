import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client, type Instance, type Tag } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { createAwsProvider } from "#bootstrap/providers/aws/provider";
import type { Machine, Provider, ProviderContext } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import { sourceOf } from "#test/fixtures/cluster-source";
import type { Clock } from "#core/clock";
import type { ReportEvent } from "#core/report";
import { startAwsFaults, type AwsFaults } from "#test/lab/aws-faults";
import { hastyClock } from "./cloud-run.ts";
import { taggedThings } from "#test/lab/aws-tagged";
import { startMoto } from "#test/lab/moto";

export const region = "us-east-1";

const image = (ami: string, name: string, creation: string, architecture = "x86_64") => ({
  ...{ ami_id: ami, name, architecture, creation_date: creation, owner_id: "099720109477" },
  ...{ state: "available", public: true, root_device_name: "/dev/sda1", root_device_type: "ebs" },
  ...{ virtualization_type: "hvm", image_type: "machine", platform: "Linux/UNIX" },
  ...{ description: name, image_location: `amazon/${name}`, hypervisor: "xen", sriov: "simple" },
});

export const newest = "ami-00000000000000002";
const stem = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04";
const images = [
  image("ami-00000000000000001", `${stem}-amd64-server-20250101`, "2025-01-01T00:00:00.000Z"),
  image(newest, `${stem}-amd64-server-20260101`, "2026-01-01T00:00:00.000Z"),
  image(
    "ami-00000000000000003",
    `${stem}-arm64-server-20260101`,
    "2026-01-01T00:00:00.000Z",
    "arm64",
  ),
];

/** A moto server behind the fault proxy, and what tests do with both. */
export interface AwsWorld {
  readonly faults: AwsFaults;
  readonly provider: Provider;
  /** What the provider reported. */
  readonly events: ReportEvent[];
  readonly clock: Clock;
  /** Clients that go past the proxy. */
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly elb: ElasticLoadBalancingV2Client;
  /** A cluster's context with a folder of its own. */
  context(cluster: ClusterWish): Promise<ProviderContext>;
  /** Makes the machines that the context's spec wants. */
  ensure(context: ProviderContext): Promise<readonly Machine[]>;
  /** Instances that are not terminated. */
  machines(): Promise<readonly Instance[]>;
  /** What every RunInstances asked for, as it went over the wire, by the machines' names. */
  launches(): readonly URLSearchParams[];
  /** Everything in AWS that carries a cluster's tag, as "type id". */
  tagged(cluster: string): Promise<readonly string[]>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterWish {
  readonly name?: string;
  readonly uid?: string;
  readonly planes?: number;
  readonly workers?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Another context on the same folder: a later run of the program. */
  readonly folder?: string;
}

/** Starts both; the SDK finds them by the usual variables of this process. */
export async function startAwsWorld(): Promise<AwsWorld> {
  const home = await mkdtemp(join(tmpdir(), "clouder-aws-"));
  const moto = await startMoto({ folder: home, images });
  const faults = await startAwsFaults(moto.endpoint);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: faults.endpoint,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: join(home, "no-config"),
    AWS_SHARED_CREDENTIALS_FILE: join(home, "no-credentials"),
  });
  const clock = hastyClock();
  const direct = { endpoint: moto.endpoint, region };
  const clients = {
    ec2: new EC2Client(direct),
    iam: new IAMClient(direct),
    elb: new ElasticLoadBalancingV2Client(direct),
  };
  const events: ReportEvent[] = [];
  const provider = createAwsProvider({
    clock,
    callerAddress: () => Promise.resolve("198.51.100.7"),
    answersSsh: () => Promise.resolve(true),
  });
  let folders = 0;
  return {
    faults,
    events,
    clock,
    ...clients,
    provider,
    ensure: (context) => provider.ensure(context, wantedMachines(context.spec)),
    machines: async () => {
      const { Reservations = [] } = await clients.ec2.send(new DescribeInstancesCommand({}));
      return Reservations.flatMap(({ Instances = [] }) => Instances).filter(
        ({ State }) => State?.Name !== "terminated",
      );
    },
    launches: () =>
      faults.calls
        .filter(({ action }) => action === "RunInstances")
        .map((one) => one.parameters)
        .sort((one, other) => nameIn(one).localeCompare(nameIn(other))),
    context: async (wish) => {
      folders += 1;
      const folder = wish.folder ?? join(home, `folder-${folders}`);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return {
        spec: specOf(wish),
        folder,
        uid: wish.uid ?? `${folders}0000000-1111-4222-8333-444444444444`,
        environment: { AWS_REGION: region },
        report: (event) => events.push(event),
        ...(wish.signal && { signal: wish.signal }),
      };
    },
    tagged: (cluster) => taggedThings(clients, cluster),
    reset: async () => {
      faults.reset();
      events.length = 0;
      await fetch(`${moto.endpoint}/moto-api/reset`, { method: "POST" });
    },
    close: async () => {
      await faults.stop();
      await moto.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function nameIn(launch: URLSearchParams): string {
  return [...launch.values()].find((value) => /-(master|node)(-\d+)?$/.test(value)) ?? "";
}

/** The value of a tag. */
export function tagOf(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

function specOf({
  name = "dev",
  planes = 1,
  workers = 2,
  settings = {},
}: ClusterWish): ClusterSpec {
  const spec = loadSpec({
    source: sourceOf({
      apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1",
      kind: "Cluster",
      metadata: { name },
      spec: { provider: { name: "aws", settings: { region, ...settings } } },
    }),
    flags: { workers },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/bundle" },
  });
  return { ...spec, controlPlane: { ...spec.controlPlane, count: planes } };
}
