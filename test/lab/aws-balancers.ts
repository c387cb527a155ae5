import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "#test/lab/aws-tagged";
import type { BalancerView } from "#test/lab/cloud-balancers";
import type { Targets } from "#test/lab/cloud-forwarder";

/** moto's network load balancers, with addresses behind their DNS names. */
export interface AwsBalancers {
  /** What its books say now. */
  readonly look: () => Promise<readonly BalancerView[]>;
  /** The address behind a balancer's DNS name. */
  addressOf(name: string): string | undefined;
}

/** `choose` gives a balancer an address, inside of the network or outside. */
export function awsBalancers(
  { ec2, elb }: Pick<AwsClients, "ec2" | "elb">,
  choose: (outside: boolean) => string,
): AwsBalancers {
  const addresses = new Map<string, string>();

  const addressesOf = async (InstanceIds: string[]): Promise<readonly string[]> => {
    if (InstanceIds.length === 0) return [];
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .filter(({ State }) => State?.Name === "running")
      .map(({ PrivateIpAddress = "" }) => PrivateIpAddress);
  };

  const targetsOf = async (group: string): Promise<Targets> => {
    const TargetGroupArn = group;
    const { TargetHealthDescriptions = [] } = await elb.send(
      new DescribeTargetHealthCommand({ TargetGroupArn }),
    );
    const { Attributes = [] } = await elb.send(
      new DescribeTargetGroupAttributesCommand({ TargetGroupArn }),
    );
    const groups = await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [group] }));
    const [{ HealthCheckPath: path = "/", Port: port = 0 } = {}] = groups.TargetGroups ?? [];
    const ids = TargetHealthDescriptions.map(({ Target }) => Target?.Id ?? "");
    // For targets by instance that is what AWS does unless told otherwise.
    const keeps = Attributes.find(({ Key }) => Key === "preserve_client_ip.enabled");
    return {
      ...{ addresses: await addressesOf(ids), port, probe: { port, path } },
      keepsCaller: keeps?.Value !== "false",
    };
  };

  const listenersOf = async (arn: string) => {
    const { Listeners = [] } = await elb.send(
      new DescribeListenersCommand({ LoadBalancerArn: arn }),
    );
    const listeners = new Map<number, Targets>();
    for (const { Port = 0, DefaultActions: [action] = [] } of Listeners) {
      listeners.set(Port, await targetsOf(action?.TargetGroupArn ?? ""));
    }
    return listeners;
  };

  return {
    look: async () => {
      const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
      const there = new Set(LoadBalancers.map(({ DNSName }) => DNSName?.toLowerCase()));
      for (const name of addresses.keys()) if (!there.has(name)) addresses.delete(name);
      const views: BalancerView[] = [];
      for (const { LoadBalancerArn: id = "", DNSName = "", Scheme } of LoadBalancers) {
        const name = DNSName.toLowerCase();
        const address = addresses.get(name) ?? choose(Scheme === "internet-facing");
        addresses.set(name, address);
        views.push({ id, address, listeners: await listenersOf(id) });
      }
      return views;
    },
    addressOf: (name) => addresses.get(name),
  };
}
