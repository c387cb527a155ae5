import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answersSsh } from "#bootstrap/nodes/ssh-banner";
import { hostState } from "#test/e2e/host-state";
import { callersOf, pinnedHosts, type JumpHost } from "#test/e2e/jump-host";
import { eventually, lab } from "#test/e2e/scenario";
import { startAwsCloud, type AwsCloud } from "#test/lab/aws-cloud";
import { outputOf } from "#test/lab/run-program";

/** Machines without public addresses in a network of the user's, behind a jump host of the user's. */

const cluster = lab();
const name = "inner";
const folder = join(cluster.home, ".clouder", "kubeadm", name);
const keyFile = join(cluster.home, "aws-private-key");
const knownToUs = join(cluster.home, "aws-private-known");
let hostBefore: string;
let cloud: AwsCloud;
let network: { readonly vpc: string; readonly subnets: readonly string[] };
let jump: JumpHost;

/** All by Amazon's own command line, as a network that was there before. */
beforeAll(async () => {
  hostBefore = await hostState();
  cloud = await startAwsCloud(cluster, "aws");
  // The home may be one that was kept from an earlier run.
  for (const file of [keyFile, `${keyFile}.pub`, knownToUs]) await rm(file, { force: true });
  await outputOf(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  const { Vpc } = (await cloud.aws(["ec2", "create-vpc", "--cidr-block", cloud.network])) as {
    readonly Vpc: { readonly VpcId: string };
  };
  const stem = cloud.network.replace(/0\/24$/, "");
  const subnet = async (zone: string, cidr: string) => {
    const { Subnet } = (await cloud.aws([
      ...["ec2", "create-subnet", "--vpc-id", Vpc.VpcId, "--cidr-block", cidr],
      ...["--availability-zone", zone],
    ])) as { readonly Subnet: { readonly SubnetId: string } };
    return Subnet.SubnetId;
  };
  const subnets = [
    await subnet("us-east-1a", `${stem}0/26`),
    await subnet("us-east-1b", `${stem}64/26`),
  ];
  network = { vpc: Vpc.VpcId, subnets };
  const material = `fileb://${keyFile}.pub`;
  await cloud.aws([
    ...["ec2", "import-key-pair", "--key-name", "ops", "--public-key-material", material],
  ]);
  jump = await raiseJumpHost(subnets[0] ?? "");
});
afterAll(async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true });
  await cloud[Symbol.asyncDispose]();
  expect(await hostState()).toBe(hostBefore);
});

interface Run {
  readonly Instances: readonly {
    readonly InstanceId: string;
    readonly PrivateIpAddress: string;
    readonly PublicIpAddress?: string;
  }[];
}

async function raiseJumpHost(subnet: string): Promise<JumpHost> {
  const { Instances: started } = (await cloud.aws([
    ...["ec2", "run-instances", "--image-id", "ami-00000000000000013", "--key-name", "ops"],
    ...["--instance-type", "t3.micro", "--subnet-id", subnet, "--associate-public-ip-address"],
  ])) as Run;
  const { Reservations } = (await cloud.aws([
    ...["ec2", "describe-instances", "--instance-ids", started[0]?.InstanceId ?? ""],
  ])) as { readonly Reservations: readonly Run[] };
  const made = Reservations[0]?.Instances[0];
  const [host, inside] = [made?.PublicIpAddress ?? "", made?.PrivateIpAddress ?? ""];
  const login = { host, port: 22, user: "admin", keyFile };
  await eventually("the jump host's sshd", async () =>
    (await answersSsh({ access: "ssh", ...login, knownHostsFile: knownToUs })) ? true : undefined,
  );
  return { ...login, inside };
}

const create = (): readonly string[] => [
  ...["cluster", "create", name, "--provider", "aws", "--image", "Debian13", "--workers", "0"],
  ...["--schedulable-control-plane", "--private", "--vpc", network.vpc],
  ...network.subnets.flatMap((id) => ["--subnet", id]),
  ...["--jump-host", `${jump.user}@${jump.host}`, "--key", keyFile],
  ...["--bundle", cluster.bundle, "--yes", "-o", "json"],
];

it(
  "B4 C2 create goes through the jump host alone, both host keys pinned",
  { timeout: 400_000 },
  async () => {
    const { stdout } = await cloud.clouder(create(), { timeoutMs: 380_000 });
    const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly { address: string }[] };
    const host = nodes[0]?.address ?? "";
    expect(await pinnedHosts(folder)).toEqual([jump.host, host]);
    expect(await callersOf({ name, folder, host, user: "admin" }, jump)).toEqual([jump.inside]);
  },
);

it("B4 the cluster is ready, its endpoint the balancer inside of the network", async () => {
  const program = join(cluster.bundle, "bin/kubectl");
  const kubectl = [program, "--kubeconfig", join(folder, "kubeconfig")];
  const nodes = await cloud.run([...kubectl, "get", "nodes", "--no-headers"]);
  expect(nodes.stdout).toMatch(/^inner-master +Ready/);
  const { LoadBalancers } = (await cloud.aws(["elbv2", "describe-load-balancers"])) as {
    readonly LoadBalancers: readonly { readonly Scheme: string; readonly DNSName: string }[];
  };
  expect(LoadBalancers.map(({ Scheme }) => Scheme)).toEqual(["internal"]);
  const server = await cloud.run([
    ...[...kubectl, "config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"],
  ]);
  expect(server.stdout).toBe(`https://${LoadBalancers[0]?.DNSName ?? ""}:6443`);
});

it("C2 delete takes the cluster out of the user's network and leaves that as it was", async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"]);
  await cloud.settled();
  expect(await cloud.tagged(name)).toEqual([]);
  const { Subnets } = (await cloud.aws(["ec2", "describe-subnets"])) as {
    readonly Subnets: readonly { readonly VpcId: string; readonly Tags?: readonly object[] }[];
  };
  const own = Subnets.filter(({ VpcId }) => VpcId === network.vpc);
  expect(own.map(({ Tags = [] }) => Tags)).toEqual([[], []]);
  expect(await cloud.machines()).toHaveLength(1);
});
