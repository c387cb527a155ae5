import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "./aws-tagged.ts";
import { startForwarder, type Forwarder, type Targets } from "./aws-forwarder.ts";

/** Network load balancers that forward: moto only keeps them in its books. */
export interface Balancers {
  /** Does as moto's books say now. */
  refresh(): Promise<void>;
  /** The address behind a balancer's DNS name. */
  addressOf(name: string): string | undefined;
  stop(): Promise<void>;
}

interface Running {
  readonly address: string;
  readonly name: string;
  readonly forwarders: Map<number, Forwarder>;
}

/** `give` makes an address for a balancer, inside of the network or outside; `take` removes it. */
export function createBalancers(
  { ec2, elb }: Pick<AwsClients, "ec2" | "elb">,
  give: (outside: boolean) => Promise<string>,
  take: (address: string) => Promise<void>,
): Balancers {
  const running = new Map<string, Running>();
  let turn: Promise<void> = Promise.resolve();

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
      ...{ addresses: await addressesOf(ids), path, port },
      keepsCaller: keeps?.Value !== "false",
    };
  };

  const stopOne = async (arn: string, { address, forwarders }: Running) => {
    running.delete(arn);
    await Promise.all([...forwarders.values()].map((one) => one.stop()));
    await take(address);
  };

  const forward = async (arn: string, { address, forwarders }: Running) => {
    const { Listeners = [] } = await elb.send(
      new DescribeListenersCommand({ LoadBalancerArn: arn }),
    );
    for (const { Port = 0, DefaultActions: [action] = [] } of Listeners) {
      const targets = await targetsOf(action?.TargetGroupArn ?? "");
      const forwarder = forwarders.get(Port);
      if (forwarder) forwarder.use(targets);
      else forwarders.set(Port, await startForwarder(address, Port, targets));
    }
  };

  const refresh = async () => {
    const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
    const there = new Set(LoadBalancers.map(({ LoadBalancerArn }) => LoadBalancerArn));
    for (const [arn, one] of running) if (!there.has(arn)) await stopOne(arn, one);
    for (const { LoadBalancerArn: arn = "", DNSName: name = "", Scheme } of LoadBalancers) {
      const known = running.get(arn);
      const one = known ?? {
        address: await give(Scheme === "internet-facing"),
        ...{ name: name.toLowerCase(), forwarders: new Map<number, Forwarder>() },
      };
      running.set(arn, one);
      await forward(arn, one);
    }
  };

  return {
    refresh: () => {
      turn = turn.then(refresh, refresh);
      return turn;
    },
    addressOf: (name) => [...running.values()].find((one) => one.name === name)?.address,
    stop: async () => {
      await turn.catch(() => undefined);
      for (const [arn, one] of running) await stopOne(arn, one);
    },
  };
}
