import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
  type LoadBalancer,
  type Tag,
  type TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { ignoring } from "./aws-error.ts";
import { isOurs, tagKeys, tagValue, tagsOf, uniqueName, type AwsIdentity } from "./identity.ts";
import type { SubnetPlace } from "./network.ts";
import { ensurePart, everyItem, given, type Place } from "./part.ts";
import { change, createOnce, look, type AwsSession } from "./session.ts";
import { apiPort } from "#bootstrap/kubeadm/endpoint";
import { waitFor } from "#core/retry";

export type BalancerKind = "api-internal" | "api-public";

/** One TCP load balancer in front of the API servers, by the group of what is behind it. */
export interface Balancer {
  readonly targetGroup: string;
}

const suffixOf = (kind: BalancerKind) => (kind === "api-public" ? "-api-public" : "-api");

/** The network load balancer with its target group and listener. */
export async function ensureBalancer(
  place: Place,
  kind: BalancerKind,
  at: {
    readonly vpc: string;
    readonly subnets: readonly SubnetPlace[];
    readonly group: string;
  },
): Promise<Balancer> {
  const { session, identity } = place;
  const name = uniqueName(identity, suffixOf(kind), 32);
  const part = (what: string) => ({ part: `${kind}-${what}`, role: "load-balancer", name });
  const balancer = await ensurePart<LoadBalancer>(place, part("balancer").part, {
    find: () => ourBalancer(session, identity, part("balancer").part),
    create: async () => {
      const { LoadBalancers = [] } = await createOnce(
        session,
        `create the load balancer ${name}`,
        () =>
          session.elb.send(
            new CreateLoadBalancerCommand({
              ...{ Name: name, Type: "network", IpAddressType: "ipv4" },
              Scheme: kind === "api-public" ? "internet-facing" : "internal",
              Subnets: at.subnets.map(({ id }) => id),
              SecurityGroups: [at.group],
              Tags: tagsOf(identity, part("balancer")),
            }),
          ),
        /^(SubnetNotFound|InvalidSubnet|InvalidSecurityGroup)/,
      );
      return LoadBalancers[0] ?? {};
    },
  });
  const arn = given(balancer.LoadBalancerArn, name);
  await change(session, `set the attributes of ${name}`, () =>
    session.elb.send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: arn,
        // Not every zone has a control plane.
        Attributes: [{ Key: "load_balancing.cross_zone.enabled", Value: "true" }],
      }),
    ),
  );
  const target = await ensureTargetGroup(place, part("targets"), at.vpc);
  await ensureListener(place, part("listener"), arn, target);
  return { targetGroup: target };
}

async function ensureTargetGroup(
  place: Place,
  part: { readonly part: string; readonly role: string; readonly name: string },
  vpc: string,
): Promise<string> {
  const { session, identity } = place;
  const group = await ensurePart<TargetGroup>(place, part.part, {
    find: () => ourTargetGroup(session, identity, part.part),
    create: async () => {
      const { TargetGroups = [] } = await createOnce(
        session,
        `create the target group ${part.name}`,
        () =>
          session.elb.send(
            new CreateTargetGroupCommand({
              ...{ Name: part.name, Protocol: "TCP", Port: apiPort, VpcId: vpc },
              TargetType: "instance",
              HealthCheckProtocol: "HTTPS",
              HealthCheckPath: "/readyz",
              ...{ HealthCheckIntervalSeconds: 10, HealthyThresholdCount: 2 },
              Tags: tagsOf(identity, part),
            }),
          ),
      );
      return TargetGroups[0] ?? {};
    },
  });
  const arn = given(group.TargetGroupArn, part.name);
  await change(session, `set the attributes of the target group ${part.name}`, () =>
    session.elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: arn,
        Attributes: [
          // A machine cannot reach itself through a balancer that keeps the caller's address.
          { Key: "preserve_client_ip.enabled", Value: "false" },
          { Key: "deregistration_delay.timeout_seconds", Value: "30" },
        ],
      }),
    ),
  );
  return arn;
}

async function ensureListener(
  { session, identity }: Place,
  part: { readonly part: string; readonly role: string; readonly name: string },
  balancer: string,
  target: string,
): Promise<void> {
  const { Listeners = [] } = await change(session, "look at the listeners", () =>
    session.elb.send(new DescribeListenersCommand({ LoadBalancerArn: balancer })),
  );
  if (Listeners.some(({ Port }) => Port === apiPort)) return;
  // A second one for the port is refused, so that this can be repeated.
  await ignoring(/^DuplicateListener/, () =>
    change(session, `create the listener of ${part.name}`, () =>
      session.elb.send(
        new CreateListenerCommand({
          ...{ LoadBalancerArn: balancer, Protocol: "TCP", Port: apiPort },
          DefaultActions: [{ Type: "forward", TargetGroupArn: target }],
          Tags: tagsOf(identity, part),
        }),
      ),
    ),
  );
}

/** Puts control planes behind a balancer; those that are there stay. */
export async function registerTargets(
  session: AwsSession,
  { targetGroup }: Balancer,
  instances: readonly string[],
): Promise<void> {
  const { TargetHealthDescriptions = [] } = await change(session, "look at the targets", () =>
    session.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup })),
  );
  const there = new Set(TargetHealthDescriptions.map(({ Target }) => Target?.Id));
  const missing = instances.filter((id) => !there.has(id));
  if (missing.length === 0) return;
  await change(
    session,
    "put the control planes behind the load balancer",
    () =>
      session.elb.send(
        new RegisterTargetsCommand({
          TargetGroupArn: targetGroup,
          Targets: missing.map((Id) => ({ Id })),
        }),
      ),
    /^InvalidTarget/,
  );
}

/** The name of a balancer that was made; it may not take connections for some minutes. */
export async function balancerName(
  session: AwsSession,
  identity: AwsIdentity,
  kind: BalancerKind,
): Promise<string> {
  return await untilBalancer("is known", session, identity, kind, ({ DNSName }) => DNSName);
}

/** Waits until a balancer takes connections. */
export async function awaitBalancer(
  session: AwsSession,
  identity: AwsIdentity,
  kind: BalancerKind,
): Promise<void> {
  await untilBalancer("is active", session, identity, kind, ({ State }) =>
    State?.Code === "active" ? true : undefined,
  );
}

async function untilBalancer<T>(
  what: string,
  session: AwsSession,
  identity: AwsIdentity,
  kind: BalancerKind,
  found: (balancer: LoadBalancer) => T | undefined,
): Promise<T> {
  const { clock, signal } = session;
  return await waitFor(
    `that the load balancer ${uniqueName(identity, suffixOf(kind), 32)} ${what}`,
    {
      ...{ timeoutMs: 600_000, everyMs: 5000, clock, signal },
      hint: "aws elbv2 describe-load-balancers tells its state",
    },
    async () => {
      const balancer = await ourBalancer(session, identity, `${kind}-balancer`);
      return balancer && found(balancer);
    },
  );
}

/** A load balancer or target group with its tags. */
export type Tagged<T> = T & { readonly tags: readonly Tag[] };

/** All network and application load balancers of the region with their tags. */
export async function balancers(session: AwsSession): Promise<readonly Tagged<LoadBalancer>[]> {
  const all = await look(session, "list the load balancers", () =>
    everyItem(
      paginateDescribeLoadBalancers({ client: session.elb }, {}),
      (page) => page.LoadBalancers,
    ),
  );
  return await withTags(session, all, ({ LoadBalancerArn }) => LoadBalancerArn);
}

/** All target groups of the region with their tags. */
export async function targetGroups(session: AwsSession): Promise<readonly Tagged<TargetGroup>[]> {
  const all = await look(session, "list the target groups", () =>
    everyItem(
      paginateDescribeTargetGroups({ client: session.elb }, {}),
      (page) => page.TargetGroups,
    ),
  );
  return await withTags(session, all, ({ TargetGroupArn }) => TargetGroupArn);
}

/** The cluster's load balancer for one purpose. */
export async function ourBalancer(session: AwsSession, identity: AwsIdentity, part: string) {
  return (await balancers(session)).find(({ tags }) => fits(identity, part, tags));
}

async function ourTargetGroup(session: AwsSession, identity: AwsIdentity, part: string) {
  return (await targetGroups(session)).find(({ tags }) => fits(identity, part, tags));
}

function fits(identity: AwsIdentity, part: string, tags: readonly Tag[]): boolean {
  return isOurs(identity, tags) && tagValue(tags, tagKeys.part) === part;
}

async function withTags<T>(
  session: AwsSession,
  things: readonly T[],
  arnOf: (thing: T) => string | undefined,
): Promise<readonly Tagged<T>[]> {
  const tags = new Map<string, readonly Tag[]>();
  const arns = things.map((thing) => arnOf(thing) ?? "");
  // The service takes twenty at once.
  for (let from = 0; from < arns.length; from += 20) {
    const answer = await look(session, "read the tags of load balancers", () =>
      session.elb.send(new DescribeTagsCommand({ ResourceArns: arns.slice(from, from + 20) })),
    );
    for (const one of answer.TagDescriptions ?? []) tags.set(one.ResourceArn ?? "", one.Tags ?? []);
  }
  return things.map((thing) => ({ ...thing, tags: tags.get(arnOf(thing) ?? "") ?? [] }));
}
