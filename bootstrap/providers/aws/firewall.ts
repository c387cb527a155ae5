import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupIngressCommand,
  type IpPermission,
} from "@aws-sdk/client-ec2";
import { ignoring } from "./aws-error.ts";
import { ours, tagged } from "./identity.ts";
import { ensurePart, given, type Place } from "./part.ts";
import {
  ruleKey,
  ruleMark,
  wantedRules,
  type GroupName,
  type Openings,
  type Rule,
} from "./rules.ts";
import { change, createOnce, look } from "./session.ts";

/** Ids of the groups that a cluster has. */
export type Groups = Readonly<Partial<Record<GroupName, string>>>;

/** Security groups with exactly our rules; rules of others in them stay. */
export async function ensureGroups(
  place: Place,
  vpc: string,
  openings: Openings,
): Promise<Groups & Readonly<Record<"nodes" | "control-plane", string>>> {
  const { cluster } = place.identity;
  const names: Readonly<Record<GroupName, string>> = {
    nodes: `${cluster}-kubeadm-sg`,
    "control-plane": `${cluster}-control-plane-sg`,
    "api-internal": `${cluster}-api-sg`,
    "api-public": `${cluster}-api-public-sg`,
  };
  const nodes = await ensureGroup(place, vpc, "nodes", names.nodes);
  const plane = await ensureGroup(place, vpc, "control-plane", names["control-plane"]);
  const groups: Partial<Record<GroupName, string>> = { nodes, "control-plane": plane };
  for (const name of openings.balancers) {
    groups[name] = await ensureGroup(place, vpc, name, names[name]);
  }
  const rules = wantedRules(openings);
  for (const [name, id] of Object.entries(groups)) {
    await ensureRules(place, id, rules[name as GroupName], groups);
  }
  return { ...groups, nodes, "control-plane": plane };
}

async function ensureGroup(
  place: Place,
  vpc: string,
  group: GroupName,
  name: string,
): Promise<string> {
  const { session, identity } = place;
  // Cloud controllers want exactly one group of a machine to carry the cluster's tag.
  const extra =
    group === "nodes" ? { [`kubernetes.io/cluster/${identity.cluster}`]: "owned" } : undefined;
  const part = { part: `group-${group}`, role: "network", name, ...(extra && { extra }) };
  return await ensurePart(place, part.part, {
    find: async () => {
      const { SecurityGroups: [found] = [] } = await look(session, `look for ${name}`, () =>
        session.ec2.send(new DescribeSecurityGroupsCommand({ Filters: ours(identity, part.part) })),
      );
      return found?.GroupId;
    },
    create: async () => {
      const made = await createOnce(
        session,
        `create the security group ${name}`,
        () =>
          session.ec2.send(
            new CreateSecurityGroupCommand({
              ...{
                GroupName: name,
                VpcId: vpc,
                Description: `clouder cluster ${identity.cluster}`,
              },
              ...tagged(identity, part, "security-group"),
            }),
          ),
        /^InvalidVpcI[Dd]\.NotFound$/,
      );
      return given(made.GroupId, name);
    },
  });
}

async function ensureRules(
  place: Place,
  id: string,
  rules: readonly Rule[],
  groups: Groups,
): Promise<void> {
  const { session, identity } = place;
  const { SecurityGroups: [group] = [] } = await change(session, `look at ${id}`, () =>
    session.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] })),
  );
  const present = new Map(
    (group?.IpPermissions ?? []).flatMap(single).map((one) => [one.key, one]),
  );
  const wanted = new Map(rules.map((rule) => wantedPermission(rule, groups)));
  for (const [key, { permission, mark }] of present) {
    if (wanted.has(key) || !mark.startsWith(ruleMark)) continue;
    await ignoring(/^InvalidPermission\.NotFound$/, () =>
      look(session, `close ${key} of ${id}`, () =>
        session.ec2.send(
          new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: [permission] }),
        ),
      ),
    );
  }
  for (const [key, permission] of wanted) {
    if (present.has(key)) continue;
    const part = { part: `rule-${key}`.replaceAll(" ", "-"), role: "network", name: key };
    await ignoring(/^InvalidPermission\.Duplicate$/, () =>
      change(
        session,
        `open ${key} of ${id}`,
        () =>
          session.ec2.send(
            new AuthorizeSecurityGroupIngressCommand({
              ...{ GroupId: id, IpPermissions: [permission] },
              ...tagged(identity, part, "security-group-rule"),
            }),
          ),
        /^InvalidGroup(Id)?\.NotFound$/,
      ),
    );
  }
}

function wantedPermission(rule: Rule, groups: Groups): [string, IpPermission] {
  const base = { IpProtocol: rule.protocol, FromPort: rule.from, ToPort: rule.to };
  const Description = `${ruleMark}${rule.why}`;
  if ("cidr" in rule.source) {
    const { cidr } = rule.source;
    return [ruleKey(rule, cidr), { ...base, IpRanges: [{ CidrIp: cidr, Description }] }];
  }
  const GroupId = given(groups[rule.source.group], rule.source.group);
  return [ruleKey(rule, GroupId), { ...base, UserIdGroupPairs: [{ GroupId, Description }] }];
}

interface Present {
  readonly key: string;
  readonly permission: IpPermission;
  readonly mark: string;
}

/** A permission of EC2 holds many sources; one of ours is one way from one source. */
function single(permission: IpPermission): readonly Present[] {
  const { IpProtocol = "", FromPort = -1, ToPort = -1, IpRanges, UserIdGroupPairs } = permission;
  const base = { IpProtocol, FromPort, ToPort };
  const way = { protocol: IpProtocol as Rule["protocol"], from: FromPort, to: ToPort };
  return [
    ...(IpRanges ?? []).map(({ CidrIp = "", Description = "" }) => ({
      key: ruleKey(way, CidrIp),
      permission: { ...base, IpRanges: [{ CidrIp }] },
      mark: Description,
    })),
    ...(UserIdGroupPairs ?? []).map(({ GroupId = "", Description = "" }) => ({
      key: ruleKey(way, GroupId),
      permission: { ...base, UserIdGroupPairs: [{ GroupId }] },
      mark: Description,
    })),
  ];
}
