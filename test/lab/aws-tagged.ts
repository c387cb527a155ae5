import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { type IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";

/** Clients of the services in which a cluster has things. */
export interface AwsClients {
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly elb: ElasticLoadBalancingV2Client;
}

/** Asks each service itself, past the product's own code; what is terminated or deleted is gone. */
export async function taggedThings(
  { ec2, iam, elb }: AwsClients,
  cluster: string,
): Promise<readonly string[]> {
  const Filters = [{ Name: "tag:clouder-cluster", Values: [cluster] }];
  const live = ["pending", "running", "stopping", "stopped"];
  const states = { Name: "instance-state-name", Values: live };
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ Filters }));
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
  const gateways = await ec2.send(new DescribeInternetGatewaysCommand({ Filters }));
  const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
  const groups = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  const machines = await ec2.send(new DescribeInstancesCommand({ Filters: [...Filters, states] }));
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  const nics = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const { Addresses } = await ec2.send(new DescribeAddressesCommand({ Filters }));
  const { NatGateways } = await ec2.send(new DescribeNatGatewaysCommand({ Filter: Filters }));
  const { KeyPairs } = await ec2.send(new DescribeKeyPairsCommand({ Filters }));
  const { Roles } = await iam.send(new ListRolesCommand({}));
  const { InstanceProfiles } = await iam.send(new ListInstanceProfilesCommand({}));
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({}));
  const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({}));
  const list = <T>(kind: string, things: readonly T[] | undefined, id: (one: T) => unknown) =>
    (things ?? []).map((one) => `${kind} ${String(id(one))}`);
  return [
    ...list("vpc", Vpcs, ({ VpcId }) => VpcId),
    ...list("subnet", Subnets, ({ SubnetId }) => SubnetId),
    ...list("gateway", gateways.InternetGateways, (one) => one.InternetGatewayId),
    ...list("routes", RouteTables, ({ RouteTableId }) => RouteTableId),
    ...list("group", groups.SecurityGroups, ({ GroupId }) => GroupId),
    ...list(
      "machine",
      machines.Reservations?.flatMap(({ Instances = [] }) => Instances),
      ({ InstanceId }) => InstanceId,
    ),
    ...list("volume", Volumes, ({ VolumeId }) => VolumeId),
    ...list("interface", nics.NetworkInterfaces, (one) => one.NetworkInterfaceId),
    ...list("address", Addresses, ({ AllocationId }) => AllocationId),
    ...list(
      "nat",
      NatGateways?.filter(({ State }) => State !== "deleted"),
      ({ NatGatewayId }) => NatGatewayId,
    ),
    ...list("key-pair", KeyPairs, ({ KeyName }) => KeyName),
    // No other cluster is in these lists: they have no filter, and no tags.
    ...list("role", Roles, ({ RoleName }) => RoleName),
    ...list("profile", InstanceProfiles, (one) => one.InstanceProfileName),
    ...list("balancer", LoadBalancers, ({ LoadBalancerName }) => LoadBalancerName),
    ...list("targets", TargetGroups, ({ TargetGroupName }) => TargetGroupName),
  ].sort();
}
