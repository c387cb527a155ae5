import { isDeepStrictEqual } from "node:util";
import { kinds } from "./kinds.ts";
import { ensureThing, untilKnown } from "./part.ts";
import { ruleMark, wantedRules, type MachineGroup, type Openings, type Rule } from "./rules.ts";
import { call, finished } from "./session.ts";
import { versioned, type Site, type Thing } from "./site.ts";

/** Ids of what says who may talk to whom. */
export interface Firewall {
  readonly id: string;
  readonly groups: Readonly<Record<MachineGroup, string>>;
}

/** A rule in ARM's words. */
interface RuleProperties {
  readonly description?: string;
  readonly [name: string]: unknown;
}

interface Named {
  readonly name: string;
  readonly properties: RuleProperties;
}

/** The network security group with exactly our rules; rules of others in it stay. */
export async function ensureFirewall(site: Site, openings: Openings): Promise<Firewall> {
  const { cluster } = site.identity;
  const group = async (name: MachineGroup) =>
    (
      await ensureThing(site, {
        ...{ kind: kinds.group, name: `${cluster}-${name}-asg`, role: "network" },
        body: { properties: {} },
      })
    ).id;
  const groups = { nodes: await group("nodes"), "control-plane": await group("control-plane") };
  const rules = wantedRules(openings).map((rule) => inArm(rule, groups));
  const firewall = await ensureThing<{ readonly securityRules?: readonly Named[] }>(site, {
    ...{ kind: kinds.firewall, name: `${cluster}-nsg`, role: "network" },
    body: { properties: { securityRules: rules } },
  });
  await alignRules(site, firewall, rules);
  return { id: firewall.id, groups };
}

async function alignRules(
  site: Site,
  { id, properties }: Thing<{ readonly securityRules?: readonly Named[] }>,
  rules: readonly Named[],
): Promise<void> {
  const present = new Map((properties.securityRules ?? []).map((one) => [one.name, one]));
  const path = (name: string) => versioned(`${id}/securityRules/${name}`, kinds.firewall);
  for (const { name, properties: own } of present.values()) {
    if (rules.some((one) => one.name === name)) continue;
    if (own.description?.startsWith(ruleMark) !== true) continue;
    await write(site, { method: "DELETE", path: path(name), doing: `close ${name}` });
  }
  for (const rule of rules) {
    const known = present.get(rule.name);
    if (known && isDeepStrictEqual(essence(known, rule), essence(rule, rule))) continue;
    const doing = `open ${rule.name}`;
    await write(site, { method: "PUT", path: path(rule.name), body: rule, doing });
  }
}

async function write({ session }: Site, request: Parameters<typeof call>[1]): Promise<void> {
  await finished(session, await call(session, request, untilKnown()), request.doing);
}

/** The properties that we set, whatever the server adds; ids have no case. */
function essence({ properties }: Named, { properties: wanted }: Named): unknown {
  const own = Object.keys(wanted).map((name) => [name, properties[name] ?? null]);
  return JSON.parse(JSON.stringify(own).toLowerCase()) as unknown;
}

function inArm(rule: Rule, groups: Firewall["groups"]): Named {
  const { name, priority, access, protocol, ports, from, to, why } = rule;
  const [port = "*"] = ports;
  return {
    name,
    properties: {
      ...{ description: `${ruleMark}${why}`, priority, access, protocol, direction: "Inbound" },
      sourcePortRange: "*",
      ...(ports.length === 1 ? { destinationPortRange: port } : { destinationPortRanges: ports }),
      ...sourceOf(from, groups),
      ...(to === "all"
        ? { destinationAddressPrefix: "*" }
        : { destinationApplicationSecurityGroups: [{ id: groups[to] }] }),
    },
  };
}

function sourceOf(from: Rule["from"], groups: Firewall["groups"]) {
  if ("group" in from) return { sourceApplicationSecurityGroups: [{ id: groups[from.group] }] };
  if ("tag" in from) return { sourceAddressPrefix: from.tag };
  return { sourceAddressPrefixes: from.cidrs };
}
