import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startAwsWorld, tagOf, type AwsWorld } from "./aws-world.ts";

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

describe("C2 the network", () => {
  test("C2 has the original's names, two zones and the load balancers' tags", async () => {
    const context = await world.context({});
    await world.ensure(context);
    const { Vpcs = [] } = await world.ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.map(({ Tags }) => tagOf(Tags, "Name"))).toContain("dev-vpc");
    const { Subnets = [] } = await world.ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: "tag:clouder-cluster", Values: ["dev"] }] }),
    );
    expect(Subnets.map(({ Tags }) => tagOf(Tags, "Name")).sort()).toEqual([
      "dev-subnet",
      "dev-subnet-2",
    ]);
    for (const { Tags } of Subnets) {
      expect(tagOf(Tags, "kubernetes.io/cluster/dev")).toBe("owned");
      expect(tagOf(Tags, "kubernetes.io/role/elb")).toBe("1");
    }
    expect(new Set(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(2);
  });

  test("C2 lets in the caller and its own groups only, and follows when the caller moves", async () => {
    const context = await world.context({});
    await world.ensure(context);
    const openings = async () => {
      const { SecurityGroups = [] } = await world.ec2.send(new DescribeSecurityGroupsCommand({}));
      const ours = SecurityGroups.filter(({ Tags }) => tagOf(Tags, "clouder-cluster") === "dev");
      const lines = ours.flatMap(({ GroupName, IpPermissions = [] }) =>
        IpPermissions.flatMap(
          ({ IpProtocol, FromPort, ToPort, IpRanges = [], UserIdGroupPairs = [] }) =>
            [
              ...IpRanges.map(({ CidrIp }) => CidrIp),
              ...UserIdGroupPairs.map(
                ({ GroupId }) => ours.find((one) => one.GroupId === GroupId)?.GroupName,
              ),
            ].map(
              (source) =>
                `${GroupName ?? ""} ${IpProtocol ?? ""} ${FromPort ?? ""}-${ToPort ?? ""} ${source ?? "?"}`,
            ),
        ),
      );
      return lines.sort();
    };
    expect(await openings()).toEqual([
      "dev-api-public-sg tcp 6443-6443 198.51.100.7/32",
      "dev-api-sg tcp 6443-6443 dev-kubeadm-sg",
      "dev-control-plane-sg tcp 10257-10257 dev-control-plane-sg",
      "dev-control-plane-sg tcp 10259-10259 dev-control-plane-sg",
      "dev-control-plane-sg tcp 2379-2380 dev-control-plane-sg",
      "dev-control-plane-sg tcp 6443-6443 198.51.100.7/32",
      "dev-control-plane-sg tcp 6443-6443 dev-api-public-sg",
      "dev-control-plane-sg tcp 6443-6443 dev-api-sg",
      "dev-control-plane-sg tcp 6443-6443 dev-kubeadm-sg",
      "dev-kubeadm-sg icmp -1--1 dev-kubeadm-sg",
      "dev-kubeadm-sg tcp 10250-10250 dev-kubeadm-sg",
      "dev-kubeadm-sg tcp 22-22 198.51.100.7/32",
      "dev-kubeadm-sg udp 8472-8472 dev-kubeadm-sg",
    ]);
    const groups = await world.ec2.send(
      new DescribeSecurityGroupsCommand({ GroupNames: ["dev-kubeadm-sg"] }),
    );
    const GroupId = groups.SecurityGroups?.[0]?.GroupId;
    const byHand = { ...{ IpProtocol: "tcp", FromPort: 9100, ToPort: 9100 } };
    await world.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [{ ...byHand, IpRanges: [{ CidrIp: "192.0.2.0/24" }] }],
      }),
    );
    const moved = await world.context({
      ...{ folder: context.folder, uid: context.uid! },
      settings: { allowCIDRs: ["198.51.100.0/24"] },
    });
    await world.ensure(moved);
    const after = await openings();
    expect(after).toContain("dev-kubeadm-sg tcp 22-22 198.51.100.0/24");
    expect(after).toContain("dev-kubeadm-sg tcp 9100-9100 192.0.2.0/24");
    expect(after.join()).not.toContain("198.51.100.7/32");
  });

  test("C2 gives nodes and people each a load balancer's name, that a control plane reaches itself by", async () => {
    const context = await world.context({ workers: 0 });
    await world.ensure(context);
    const address = await world.provider.apiAddress?.(context);
    expect(address).toEqual({
      loadBalancer: expect.stringMatching(/^dev-[0-9a-f]{8}-api-\d.*\.elb\..*:6443$/) as string,
      forCallers: expect.stringMatching(/^dev-[0-9a-f]{8}-api-public-.*:6443$/) as string,
    });
    const attributes = world.faults.calls
      .filter(({ action }) => action === "ModifyTargetGroupAttributes")
      .map(({ parameters }) => [...parameters.values()].join(" "));
    expect(attributes).toHaveLength(2);
    for (const one of attributes) expect(one).toContain("preserve_client_ip.enabled false");
  });

  test("C2 with private machines has NAT, and a load balancer with every control plane behind it", async () => {
    const context = await world.context({ planes: 3, workers: 1, settings: { private: true } });
    const made = await world.ensure(context);
    expect(made.map(({ name }) => name)).toContain("dev-master-3");
    expect(made.every(({ publicAddress }) => publicAddress === undefined)).toBe(true);
    expect(
      world.launches().map((one) => one.get("NetworkInterface.1.AssociatePublicIpAddress")),
    ).toEqual(Array(4).fill("false"));
    expect((await world.provider.describe(context))["loadBalancer"]).toMatch(/:6443$/);
    const registered = world.faults.calls.filter(({ action }) => action === "RegisterTargets");
    expect(registered.map(({ parameters }) => [...parameters.keys()].length)).toEqual([6]);
  });

  test("C2 in a VPC of the user's leaves that VPC as it was", async () => {
    const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: "10.50.0.0/16" }));
    const subnet = async (zone: string, cidr: string) => {
      const VpcId = Vpc?.VpcId;
      const made = await world.ec2.send(
        new CreateSubnetCommand({ VpcId, CidrBlock: cidr, AvailabilityZone: zone }),
      );
      return made.Subnet?.SubnetId ?? "";
    };
    const subnets = [
      await subnet("us-east-1a", "10.50.0.0/24"),
      await subnet("us-east-1b", "10.50.1.0/24"),
    ];
    const context = await world.context({ settings: { vpc: Vpc?.VpcId, subnets } });
    await world.provider.preflight(context);
    await world.ensure(context);
    expect((await world.machines()).map(({ VpcId }) => VpcId)).toEqual(Array(3).fill(Vpc?.VpcId));
    expect((await world.provider.remove(context, "all")).left).toEqual([]);
    const left = await world.ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnets }));
    expect(left.Subnets?.map(({ Tags }) => Tags ?? [])).toEqual([[], []]);
    expect(await world.tagged("dev")).toEqual([]);
  });
});
