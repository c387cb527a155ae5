import type { AwsCall, Fault } from "./aws-faults.ts";

/** Eventual consistency: what was just made is not found by the first looks. */
export interface Lateness {
  /** A create was answered; its things hide from the next `looks` of their kind. */
  made(call: AwsCall, body: string, looks: number): void;
  /** The refusal of a call that names something which hides. */
  refusal(call: AwsCall): Fault | undefined;
  /** The answer to a look without the things that hide. */
  seen(call: AwsCall, body: string): string;
}

/** The id in the answer to a create, the error of a look for it, and the lists that hold it. */
const kinds = [
  ["vpc", "vpcId", "InvalidVpcID.NotFound"],
  ["subnet", "subnetId", "InvalidSubnetID.NotFound"],
  ["igw", "internetGatewayId", "InvalidInternetGatewayID.NotFound"],
  ["rtb", "routeTableId", "InvalidRouteTableID.NotFound"],
  ["sg", "groupId", "InvalidGroup.NotFound"],
  ["i", "instanceId", "InvalidInstanceID.NotFound"],
  ["eipalloc", "allocationId", "InvalidAllocationID.NotFound"],
  ["nat", "natGatewayId", "NatGatewayNotFound"],
] as const;

const makes = new Map<string, (typeof kinds)[number]>([
  ["CreateVpc", kinds[0]],
  ["CreateSubnet", kinds[1]],
  ["CreateInternetGateway", kinds[2]],
  ["CreateRouteTable", kinds[3]],
  ["CreateSecurityGroup", kinds[4]],
  ["RunInstances", kinds[5]],
  ["AllocateAddress", kinds[6]],
  ["CreateNatGateway", kinds[7]],
]);

/** Keeps what hides of one server. */
export function lateness(): Lateness {
  const hidden = new Map<string, number>();
  const hides = (id: string): boolean => {
    const left = hidden.get(id) ?? 0;
    if (left <= 1) hidden.delete(id);
    else hidden.set(id, left - 1);
    return left > 0;
  };
  return {
    made: ({ action }, body, looks) => {
      const kind = makes.get(action);
      const id = kind && new RegExp(`<${kind[1]}>(${kind[0]}-[0-9a-f]+)<`).exec(body)?.[1];
      if (id !== undefined && looks > 0) hidden.set(id, looks);
    },
    refusal: ({ action, parameters }) => {
      for (const [name, value] of parameters) {
        if (name.startsWith("Filter.") || !hidden.has(value)) continue;
        const kind = kinds.find(([prefix]) => value.startsWith(`${prefix}-`));
        if (kind && !action.startsWith("Delete") && hides(value)) {
          return { kind: "error", code: kind[2] };
        }
      }
      return undefined;
    },
    seen: ({ action }, body) => {
      if (!action.startsWith("Describe") || hidden.size === 0) return body;
      const gone = [...hidden.keys()].filter((id) => body.includes(`>${id}<`));
      return gone.filter(hides).reduce(withoutItem, body);
    },
  };
}

/** The answer without the outermost `<item>` that is about an id. */
function withoutItem(body: string, id: string): string {
  const at = body.indexOf(`>${id}<`);
  if (at < 0) return body;
  const marks = [...body.matchAll(/<(\/?)item>/g)].map((match) => ({
    at: match.index,
    end: match.index + match[0].length,
    opens: match[1] === "",
  }));
  let depth = 0;
  let start = -1;
  for (const mark of marks) {
    if (mark.opens) {
      if (depth === 0) start = mark.at;
      depth += 1;
      continue;
    }
    depth -= 1;
    if (depth === 0 && start <= at && at < mark.end) {
      return withoutItem(body.slice(0, start) + body.slice(mark.end), id);
    }
  }
  return body;
}
