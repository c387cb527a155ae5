import {
  DeleteKeyPairCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DescribeKeyPairsCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
  paginateDescribeVolumes,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { balancers, targetGroups } from "./balancer.ts";
import { isOurs, madeByControllers, ours, tagValue, type AwsIdentity } from "./identity.ts";
import { identityThings } from "./inventory-identity.ts";
import { networkThings } from "./inventory-network.ts";
import { everyItem } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import { drop, thing, type Search } from "./thing.ts";
import type { CloudThing } from "#bootstrap/providers/remove-in-passes";

/**
 * Everything of a cluster in AWS: what has its tags, and what its controllers made inside of its VPC.
 * Nothing is found by name, and nothing from the record.
 */
export async function inventory(
  session: AwsSession,
  identity: AwsIdentity,
): Promise<readonly CloudThing[]> {
  const vpcs = await look(session, "list the VPCs", () =>
    everyItem(
      paginateDescribeVpcs({ client: session.ec2 }, { Filters: ours(identity) }),
      (page) => page.Vpcs,
    ),
  );
  const search = { session, identity, vpcs: vpcs.map(({ VpcId = "" }) => VpcId) };
  const things = await Promise.all([
    balancerThings(search),
    machineThings(search),
    volumeThings(search),
    networkThings(search),
    keyPairs(search),
    identityThings(search),
  ]);
  const own = vpcs.map(({ VpcId: id = "", Tags }) =>
    thing("VPC", id, tagValue(Tags, "Name"), () =>
      drop(session, `delete ${id}`, () => session.ec2.send(new DeleteVpcCommand({ VpcId: id }))),
    ),
  );
  return [...things.flat(), ...own];
}

async function balancerThings({ session, identity, vpcs }: Search): Promise<readonly CloudThing[]> {
  const mine = (one: { VpcId?: string | undefined; tags: Parameters<typeof isOurs>[1] }) =>
    isOurs(identity, one.tags) ||
    (vpcs.includes(one.VpcId ?? "") && madeByControllers(identity.cluster, one.tags));
  const all = (await balancers(session)).filter(mine);
  const groups = (await targetGroups(session)).filter(mine);
  return [
    ...all.map(({ LoadBalancerArn: arn = "", LoadBalancerName }) =>
      thing("load balancer", arn, LoadBalancerName, () =>
        drop(session, `delete ${LoadBalancerName ?? arn}`, () =>
          session.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: arn })),
        ),
      ),
    ),
    ...groups.map(({ TargetGroupArn: arn = "", TargetGroupName }) =>
      thing("target group", arn, TargetGroupName, () =>
        drop(session, `delete ${TargetGroupName ?? arn}`, () =>
          session.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: arn })),
        ),
      ),
    ),
  ];
}

async function machineThings({ session, identity }: Search): Promise<readonly CloudThing[]> {
  const all = await look(session, "list the machines", () =>
    everyItem(
      paginateDescribeInstances({ client: session.ec2 }, { Filters: ours(identity) }),
      (page) => page.Reservations?.flatMap(({ Instances = [] }) => Instances),
    ),
  );
  return all
    .filter(({ State }) => State?.Name !== "terminated")
    .map(({ InstanceId: id = "", Tags, State }) =>
      thing(
        ...(["machine", id, tagValue(Tags, "Name")] as const),
        () =>
          drop(session, `terminate ${id}`, () =>
            session.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
          ),
        State?.Name === "shutting-down",
      ),
    );
}

async function volumeThings({ session, identity }: Search): Promise<readonly CloudThing[]> {
  const all = await look(session, "list the volumes", () =>
    everyItem(
      paginateDescribeVolumes({ client: session.ec2 }, { Filters: ours(identity) }),
      (page) => page.Volumes,
    ),
  );
  return all.map(({ VolumeId: id = "", Tags, State }) =>
    thing(
      ...(["volume", id, tagValue(Tags, "Name")] as const),
      () =>
        drop(session, `delete ${id}`, () =>
          session.ec2.send(new DeleteVolumeCommand({ VolumeId: id })),
        ),
      // A root volume in use goes with its machine.
      State === "in-use" || State === "deleting",
    ),
  );
}

async function keyPairs({ session, identity }: Search): Promise<readonly CloudThing[]> {
  const { KeyPairs = [] } = await look(session, "list the key pairs", () =>
    session.ec2.send(new DescribeKeyPairsCommand({ Filters: ours(identity) })),
  );
  return KeyPairs.map(({ KeyPairId: id = "", KeyName }) =>
    thing("key pair", id, KeyName, () =>
      drop(session, `delete the key pair ${KeyName ?? id}`, () =>
        session.ec2.send(new DeleteKeyPairCommand({ KeyName })),
      ),
    ),
  );
}
