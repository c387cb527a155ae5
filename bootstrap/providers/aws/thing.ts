import type { AwsIdentity } from "./identity.ts";
import { hasAwsCode, isGone } from "./aws-error.ts";
import { look, type AwsSession } from "./session.ts";

/** Something of a cluster that is in AWS now. */
export interface Thing {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Things of an earlier stage stand in the way of later ones. */
  readonly stage: number;
  /** It is on its way out and is only waited for. */
  readonly leaving?: boolean;
  /** Somebody else's, inside of a VPC of ours: named, never touched. */
  readonly foreign?: boolean;
  remove(): Promise<void>;
}

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
): Thing {
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
