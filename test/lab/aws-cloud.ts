import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { awsBalancers } from "#test/lab/aws-balancers";
import { awsProgram } from "#test/lab/aws-cli";
import { taggedThings } from "#test/lab/aws-tagged";
import { startAwsFaults, type AwsCall, type AwsFaults } from "#test/lab/aws-faults";
import { startNames } from "#test/lab/aws-names";
import { createCloudBalancers } from "#test/lab/cloud-balancers";
import { createCloudMachines, type CloudMachine } from "#test/lab/cloud-machines";
import { openCloudSite } from "#test/lab/cloud-site";
import { launcher, type LabCluster } from "#test/lab/lab-cluster";
import { startMoto } from "#test/lab/moto";
import { runProgram } from "#test/lab/run-program";
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

/** Starts the cloud; `name` is its site's. */
export async function startAwsCloud(lab: LabCluster, name: string): Promise<AwsCloud> {
  await using undo = new AsyncDisposableStack();
  const site = undo.use(await openCloudSite(lab, name));
  const { folder, network } = site;
  const nameServer = site.inside(2);
  await site.give(nameServer);

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
  const books = awsBalancers({ ec2, elb }, (isOutside) => {
    given += 1;
    return isOutside ? site.outside(given) : site.inside(given);
  });
  const balancers = createCloudBalancers(site, books.look);
  undo.defer(() => balancers.stop());
  const names = await startNames(nameServer, (one) => books.addressOf(one));
  undo.defer(() => names.stop());
  const resolver = join(folder, "resolv.conf");
  await writeFile(resolver, `nameserver ${nameServer}\n`);

  const machines = createCloudMachines(site);
  undo.defer(() => machines.settled().catch(() => undefined));
  const instances = followInstances(ec2, {
    start: (one) => {
      machines.start({ ...one, nameServer, user: "admin" });
    },
    end: (id) => {
      machines.end(id);
    },
    outside: site.outside,
  });
  faults.answered = async (call, body) => {
    await instances.follow(call, body);
    if (movesBalancers.test(call.action)) await balancers.refresh();
    return instances.asSeen(body);
  };
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
  const kept = undo.move();
  return {
    ...{ faults, network, run },
    clouder: (args, options) => run([launcher, ...args], { outlivesUs: true, ...options }),
    aws: async (args) => {
      const { stdout } = await run([...aws, ...args, "--output", "json"]);
      return stdout === "" ? undefined : (JSON.parse(stdout) as unknown);
    },
    tagged: (cluster) => taggedThings({ ec2, elb, iam }, cluster),
    machines: site.machines,
    settled: machines.settled,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Followed {
  readonly start: (machine: Omit<CloudMachine, "user">) => void;
  readonly end: (name: string) => void;
  readonly outside: (last: number) => string;
}

/** Tells which instances come and go, from calls and their answers. */
function followInstances(ec2: EC2Client, { start, end, outside }: Followed) {
  const keys = new Map<string, string>();
  const there = new Set<string>();
  /** Addresses that moto made up, and those that lead to the machines. */
  const addresses = new Map<string, string>();

  const started = async (name: string): Promise<void> => {
    there.add(name);
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [name] }));
    const [instance = {}] = Reservations?.[0]?.Instances ?? [];
    const { PrivateIpAddress: privateAddress = "", PublicIpAddress, KeyName = "" } = instance;
    const publicAddress = outside(Number(privateAddress.split(".").at(-1)));
    if (PublicIpAddress !== undefined) addresses.set(PublicIpAddress, publicAddress);
    start({
      ...{ name, privateAddress, publicKey: keys.get(KeyName) ?? "" },
      ...(PublicIpAddress !== undefined && { publicAddress }),
    });
  };

  return {
    follow: async ({ action, parameters }: AwsCall, body: string): Promise<void> => {
      if (action === "ImportKeyPair") {
        const line = Buffer.from(parameters.get("PublicKeyMaterial") ?? "", "base64").toString();
        keys.set(parameters.get("KeyName") ?? "", line.trim());
      }
      if (action === "RunInstances") {
        for (const [, id = ""] of body.matchAll(/<instanceId>(i-[0-9a-f]+)</g)) {
          if (!there.has(id)) await started(id);
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
  };
}
