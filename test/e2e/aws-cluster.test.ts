import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import { hostState } from "#test/e2e/host-state";
import { eventually, lab } from "#test/e2e/scenario";
import { startAwsCloud, type AwsCloud } from "#test/lab/aws-cloud";

/** A cluster from nothing to nothing through EC2's own calls; its machines are real. */

const cluster = lab();
const name = "cloud";
const folder = join(cluster.home, ".clouder", "kubeadm", name);
const kubeconfig = join(folder, "kubeconfig");
let hostBefore: string;
let cloud: AwsCloud;

beforeAll(async () => {
  hostBefore = await hostState();
  cloud = await startAwsCloud(cluster, "aws");
});
afterAll(async () => {
  await cloud.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true });
  await cloud[Symbol.asyncDispose]();
  expect(await hostState()).toBe(hostBefore);
});

const create = (workers: number): readonly string[] => [
  ...["cluster", "create", name, "--provider", "aws", "--image", "Debian13"],
  ...["--workers", String(workers), "--vpc-cidr", cloud.network, "--allow-cidr", cloud.network],
  ...["--bundle", cluster.bundle, "--yes", "-o", "json"],
];
const kubectl = async (...args: readonly string[]): Promise<string> => {
  const program = join(cluster.bundle, "bin/kubectl");
  return (await cloud.run([program, "--kubeconfig", kubeconfig, ...args])).stdout;
};

interface Instance {
  readonly InstanceId: string;
  readonly PublicIpAddress: string;
  readonly Placement: { readonly AvailabilityZone: string };
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

/** What Amazon's own command line finds by our tag. */
async function instances(): Promise<readonly Instance[]> {
  const filters = [
    `Name=tag:clouder-cluster,Values=${name}`,
    "Name=instance-state-name,Values=running",
  ];
  const { Reservations } = (await cloud.aws([
    ...["ec2", "describe-instances", "--filters", ...filters],
  ])) as { readonly Reservations: readonly { readonly Instances: readonly Instance[] }[] };
  return Reservations.flatMap(({ Instances }) => Instances);
}
const nameOf = ({ Tags }: Instance) => Tags.find(({ Key }) => Key === "Name")?.Value ?? "";

interface Balancer {
  readonly DNSName: string;
  readonly Scheme: string;
}
async function balancerName(scheme: string): Promise<string> {
  const { LoadBalancers } = (await cloud.aws(["elbv2", "describe-load-balancers"])) as {
    readonly LoadBalancers: readonly Balancer[];
  };
  return LoadBalancers.find(({ Scheme }) => Scheme === scheme)?.DNSName ?? "";
}

/** The machines once all are there: Amazon's command line takes a second for each look. */
let all: Promise<readonly Instance[]> | undefined;

/** Runs a command as root on a machine, as its owner could with the cluster's key. */
async function on(node: string, argv: readonly string[]): Promise<string> {
  all ??= instances();
  const machine = (await all).find((one) => nameOf(one) === node);
  const driver = await nodeAccessDrivers.ssh.load();
  const access = await driver.connect(node, {
    ...{ access: "ssh", host: machine?.PublicIpAddress ?? "", port: 22, user: "admin" },
    ...{ keyFile: join(folder, "key"), knownHostsFile: join(folder, "known_hosts") },
  });
  try {
    const { stdout, stderr } = await access.run(argv, { allowFailure: true });
    return `${stdout}${stderr}`;
  } finally {
    await access.close();
  }
}

it(
  "C1 C2 create ends in a ready cluster whose nodes carry the cloud's ids",
  { timeout: 400_000 },
  async () => {
    const { stdout } = await cloud.clouder(create(1), { timeoutMs: 380_000 });
    expect(JSON.parse(stdout)).toMatchObject({ provider: "aws", changed: true, complete: true });
    await cloud.settled();
    const { items } = JSON.parse(await kubectl("get", "nodes", "-o", "json")) as {
      readonly items: readonly {
        readonly metadata: { readonly name: string };
        readonly spec: { readonly providerID: string; readonly taints?: readonly object[] };
        readonly status: { readonly conditions: readonly { type: string; status: string }[] };
      }[];
    };
    const made = await instances();
    expect(made.map(nameOf).sort()).toEqual([`${name}-master`, `${name}-node-1`]);
    expect(items).toHaveLength(2);
    for (const { metadata, spec, status } of items) {
      const instance = made.find((one) => nameOf(one) === metadata.name);
      const zone = instance?.Placement.AvailabilityZone ?? "";
      expect(spec.providerID).toBe(`aws:///${zone}/${instance?.InstanceId ?? ""}`);
      expect(status.conditions).toContainEqual(
        expect.objectContaining({ type: "Ready", status: "True" }),
      );
      // Nothing waits for a controller of the cloud that is not there.
      expect(JSON.stringify(spec.taints ?? [])).not.toContain("cloudprovider");
    }
  },
);

it("C1 one more worker joins", { timeout: 300_000 }, async () => {
  const { stdout } = await cloud.clouder(create(2), { timeoutMs: 280_000 });
  expect(JSON.parse(stdout)).toMatchObject({ changed: true, complete: true });
  await kubectl("wait", "--for=condition=Ready", `node/${name}-node-2`, "--timeout=60s");
  expect((await instances()).map(nameOf).sort().at(-1)).toBe(`${name}-node-2`);
});

it("C1 a second create changes nothing", async () => {
  const before = await cloud.tagged(name);
  const { stdout } = await cloud.clouder(create(2));
  expect(JSON.parse(stdout)).toMatchObject({ changed: false, complete: true });
  expect(await cloud.tagged(name)).toEqual(before);
  const shown = await cloud.clouder(["cluster", "show", name, "-o", "json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ state: "ready", provider: "aws" });
});

it("C2 people use the balancer outside, nodes the one inside, by name", async () => {
  const outside = await balancerName("internet-facing");
  const inside = await balancerName("internal");
  expect(await kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")).toBe(
    `https://${outside}:6443`,
  );
  const server = ["grep", "-o", "server: .*", "/etc/kubernetes/kubelet.conf"];
  expect(await on(`${name}-node-1`, server)).toContain(`https://${inside}:6443`);
  const image = "--image=docker.io/clouder/busybox:1";
  const command = ["--restart=Never", "--", "echo", "a pod of the cloud"];
  await kubectl("run", "hello", image, "--image-pull-policy=Never", ...command);
  const said = await eventually("the pod's word", async () => {
    const text = await kubectl("logs", "hello");
    return text === "" ? undefined : text;
  });
  expect(said).toBe("a pod of the cloud\n");
});

it("C2 a control plane reaches itself through the balancer, which it could not with its own address", async () => {
  const admin = "--kubeconfig=/etc/kubernetes/admin.conf";
  const ask = ["kubectl", admin, "get", "--raw", "/readyz", "--request-timeout=5s"];
  expect(await on(`${name}-master`, ["grep", "server:", "/etc/kubernetes/admin.conf"])).toContain(
    await balancerName("internal"),
  );
  expect(await on(`${name}-master`, ask)).toBe("ok");
  const { TargetGroups } = (await cloud.aws(["elbv2", "describe-target-groups"])) as {
    readonly TargetGroups: readonly { readonly TargetGroupArn: string }[];
  };
  const preserve = async (value: boolean) => {
    const attribute = `Key=preserve_client_ip.enabled,Value=${String(value)}`;
    const change = ["elbv2", "modify-target-group-attributes", "--attributes", attribute];
    await Promise.all(
      TargetGroups.map(({ TargetGroupArn }) =>
        cloud.aws([...change, "--target-group-arn", TargetGroupArn]),
      ),
    );
  };
  await preserve(true);
  expect(await on(`${name}-master`, ask)).not.toBe("ok");
  expect(await kubectl("get", "--raw", "/readyz")).toBe("ok");
  await preserve(false);
  expect(await on(`${name}-master`, ask)).toBe("ok");
});

it("C2 C4 H6 delete gives Services of load balancers back and leaves nothing in the cloud, and no machine", async () => {
  await kubectl("create", "service", "loadbalancer", "web", "--tcp=80:80");
  const { stderr } = await cloud.clouder(["cluster", "delete", name, "--yes"]);
  expect(stderr).toContain("give load balancers and volumes back");
  await cloud.settled();
  expect(await instances()).toEqual([]);
  expect(await cloud.tagged(name)).toEqual([]);
  expect(await cloud.machines()).toEqual([]);
});
