import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { identityOf } from "#bootstrap/providers/local/identity";
import { ensureNetwork } from "#bootstrap/providers/local/network";
import { loadSpec } from "#bootstrap/spec/load";
import { createBalancers } from "#test/lab/aws-balancers";
import { awsProgram } from "#test/lab/aws-cli";
import { taggedThings } from "#test/lab/aws-tagged";
import { startAwsFaults, type AwsCall, type AwsFaults } from "#test/lab/aws-faults";
import { endInstance, startInstance, type CloudSite } from "#test/lab/aws-machines";
import { startNames } from "#test/lab/aws-names";
import { launcher, type LabCluster } from "#test/lab/lab-cluster";
import { startMoto } from "#test/lab/moto";
import { outputOf, runProgram } from "#test/lab/run-program";
import type { ProgramOptions, ProgramResult } from "#test/lab/run-program";

/** moto with real machines, names and load balancers behind it. */
export interface AwsCloud extends AsyncDisposable {
  readonly faults: AwsFaults;
  /** The only network in which machines can be: a VPC takes it, or holds it. */
  readonly network: string;
  /** Runs the product, Amazon's own command, or any other, where the cloud's names are known. */
  clouder(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  aws(args: readonly string[]): Promise<unknown>;
  run(argv: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** What carries a cluster's tag, asked past the proxy, as "type id". */
  tagged(cluster: string): Promise<readonly string[]>;
  /** Instances whose machines are on this host. */
  machines(): Promise<readonly string[]>;
  /** Waits for what is still booting or ending; fails with what failed. */
  settled(): Promise<void>;
}

const region = "us-east-1";

/** The one image: the lab's root file system under the name that Debian's have in EC2. */
const image = {
  ...{ ami_id: "ami-00000000000000013", name: "debian-13-amd64-20260101-1" },
  ...{ architecture: "x86_64", creation_date: "2026-01-01T00:00:00.000Z" },
  ...{ owner_id: "136693071363", state: "available", public: true, virtualization_type: "hvm" },
  ...{ root_device_name: "/dev/xvda", root_device_type: "ebs", image_type: "machine" },
  ...{ platform: "Linux/UNIX", description: "Debian 13", hypervisor: "xen", sriov: "simple" },
  image_location: "amazon/debian-13-amd64-20260101-1",
};

/** Calls after which load balancers may have other listeners or targets. */
const movesBalancers =
  /^(CreateListener|DeleteListener|DeleteLoadBalancer|ModifyTargetGroupAttributes|RegisterTargets|DeregisterTargets|TerminateInstances)$/;

/**
 * Starts the cloud. Its machines belong to a cluster's folder `name` of the local provider in the
 * lab's home, so that `cluster delete NAME` and the lab's clean-up remove them, whatever happens here.
 */
export async function startAwsCloud(lab: LabCluster, name: string): Promise<AwsCloud> {
  await using undo = new AsyncDisposableStack();
  const folder = clusterFolder(lab.home, name);
  const spec = loadSpec({
    flags: { name, provider: "local", workers: 0 },
    defaults: { kubernetesVersion: "v1.36.3", bundle: lab.bundle },
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const created_at = new Date().toISOString();
  await writeRecord(folder, recordOf(spec, { uid: "cloud", created_at }, false));
  undo.defer(async () => {
    await lab.clouder(["cluster", "delete", name, "--yes"]);
  });
  const identity = identityOf(name, folder);
  const { bridge, subnet, gateway } = await ensureNetwork(identity, spec, undefined);
  const stem = subnet.replace(/\.0\/24$/, "");
  // The range for benchmarks, which nobody has on the Internet, stands for public addresses.
  const outside = `198.18.${stem.split(".")[2] ?? ""}`;
  const nameServer = `${stem}.2`;
  const host = (change: "add" | "delete", address: string) =>
    outputOf(["ip", "address", change, `${address}/24`, "dev", bridge]);
  await host("add", nameServer);
  await host("add", `${outside}.1`);

  const moto = await startMoto({ folder, images: [image] });
  undo.defer(() => moto.stop());
  const faults = await startAwsFaults(moto.endpoint);
  undo.defer(() => faults.stop());
  const environment = {
    ...{
      AWS_ENDPOINT_URL: faults.endpoint,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  };
  const credentials = { accessKeyId: "testing", secretAccessKey: "testing" };
  const direct = { endpoint: moto.endpoint, region, credentials };
  const ec2 = new EC2Client(direct);
  const elb = new ElasticLoadBalancingV2Client(direct);
  const iam = new IAMClient(direct);

  let given = 240;
  const balancers = createBalancers(
    { ec2, elb },
    async (isOutside) => {
      given += 1;
      const address = `${isOutside ? outside : stem}.${given}`;
      await host("add", address);
      return address;
    },
    async (address) => {
      await host("delete", address);
    },
  );
  undo.defer(() => balancers.stop());
  const names = await startNames(nameServer, (one) => balancers.addressOf(one));
  undo.defer(() => names.stop());
  const resolver = join(folder, "resolv.conf");
  await writeFile(resolver, `nameserver ${nameServer}\n`);

  const site: CloudSite = {
    ...{ identity, gateway, nameServer },
    archive: join(lab.bundle, "machine/root.tar.zst"),
  };
  const instances = createInstances(site, ec2, outside);
  faults.answered = async (call, body) => {
    await instances.follow(call, body);
    if (movesBalancers.test(call.action)) await balancers.refresh();
    return instances.asSeen(body);
  };
  const kept = undo.move();
  const run = (argv: readonly string[], options: ProgramOptions = {}) =>
    runProgram(
      [
        ...["unshare", "--mount", "--", "sh", "-ec"],
        'mount --bind "$0" /etc/resolv.conf; exec "$@"',
        ...[resolver, ...argv],
      ],
      { environment: { ...environment, HOME: lab.home }, ...options },
    );
  const aws = await awsProgram();
  return {
    ...{ faults, network: subnet, run },
    clouder: (args, options) => run([launcher, ...args], { outlivesUs: true, ...options }),
    aws: async (args) => {
      const { stdout } = await run([...aws, ...args, "--output", "json"]);
      return stdout === "" ? undefined : (JSON.parse(stdout) as unknown);
    },
    tagged: (cluster) => taggedThings({ ec2, elb, iam }, cluster),
    machines: () => readdir(join(folder, "machines")).catch(() => []),
    settled: instances.settled,
    [Symbol.asyncDispose]: async () => {
      await instances.settled().catch(() => undefined);
      await kept.disposeAsync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Machines that come and go as calls say. */
function createInstances(site: CloudSite, ec2: EC2Client, outside: string) {
  const keys = new Map<string, string>();
  const machines = new Map<string, Promise<void>>();
  /** Addresses that moto made up, and those that lead to the machines. */
  const addresses = new Map<string, string>();

  const start = async (id: string): Promise<void> => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const [instance = {}] = Reservations?.[0]?.Instances ?? [];
    const { PrivateIpAddress: privateAddress = "", PublicIpAddress, KeyName = "" } = instance;
    const publicAddress = privateAddress.replace(/^.*(?=\.\d+$)/, outside);
    if (PublicIpAddress !== undefined) addresses.set(PublicIpAddress, publicAddress);
    const booted = startInstance(site, {
      ...{ id, privateAddress, publicKey: keys.get(KeyName) ?? "" },
      ...(PublicIpAddress !== undefined && { publicAddress }),
    });
    // Told by `settled`; a machine that does not boot is one that does not answer.
    booted.catch(() => undefined);
    machines.set(id, booted);
  };

  const end = (id: string): void => {
    const booted = machines.get(id);
    if (!booted) return;
    const ended = booted.catch(() => undefined).then(() => endInstance(site, id));
    ended.catch(() => undefined);
    machines.set(id, ended);
  };

  return {
    follow: async ({ action, parameters }: AwsCall, body: string): Promise<void> => {
      if (action === "ImportKeyPair") {
        const line = Buffer.from(parameters.get("PublicKeyMaterial") ?? "", "base64").toString();
        keys.set(parameters.get("KeyName") ?? "", line.trim());
      }
      if (action === "RunInstances") {
        for (const [, id = ""] of body.matchAll(/<instanceId>(i-[0-9a-f]+)</g)) {
          if (!machines.has(id)) await start(id);
        }
      }
      if (action === "TerminateInstances") {
        for (const [, id = ""] of body.matchAll(/<instanceId>(i-[0-9a-f]+)</g)) end(id);
      }
    },
    asSeen: (body: string): string =>
      [...addresses].reduce(
        (text, [made, real]) => text.replaceAll(`>${made}<`, `>${real}<`),
        body,
      ),
    settled: async (): Promise<void> => {
      await Promise.all(machines.values());
    },
  };
}
