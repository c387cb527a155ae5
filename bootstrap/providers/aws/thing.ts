import type { CloudThing } from "#bootstrap/providers/remove-in-passes";
import type { AwsIdentity } from "./identity.ts";
import { hasAwsCode, isGone } from "./aws-error.ts";
import { look, type AwsSession } from "./session.ts";

/** What a look for things needs; a VPC of ours owns everything in it, tagged or not. */
export interface Search {
  readonly session: AwsSession;
  readonly identity: AwsIdentity;
  /** VPCs with our tags. */
  readonly vpcs: readonly string[];
}

/** Order of removal: what uses others goes before them. */
export const stages = {
  "load balancer": 0,
  "target group": 1,
  machine: 1,
  endpoint: 1,
  volume: 2,
  "NAT gateway": 2,
  address: 3,
  "network interface": 4,
  "security group": 5,
  subnet: 6,
  "route table": 7,
  "internet gateway": 7,
  VPC: 8,
  "key pair": 8,
  "instance profile": 8,
  role: 9,
} as const;

/** A thing with its stage by kind. */
export function thing(
  kind: keyof typeof stages,
  id: string,
  name: string | undefined,
  remove: () => Promise<unknown>,
  leaving = false,
): CloudThing {
  return {
    ...{ kind, id, name: name ?? "", stage: stages[kind], leaving },
    remove: async () => {
      await remove();
    },
  };
}

/** One call of a removal; that the thing is gone already is well. */
export async function drop(
  session: AwsSession,
  doing: string,
  send: () => Promise<unknown>,
): Promise<void> {
  try {
    await look(session, doing, send);
  } catch (error) {
    if (!isGone(error) && !hasAwsCode(error, /^InvalidAllocationID\.NotFound$/)) throw error;
  }
}
