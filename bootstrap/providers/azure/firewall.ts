import { isDeepStrictEqual } from "node:util";
import { kinds } from "./kinds.ts";
import { ensureThing, untilKnown } from "./part.ts";
import { ruleMark, wantedRules, type MachineGroup, type Openings, type Rule } from "./rules.ts";
import { call, ended, type CallOptions } from "./session.ts";
import type { Known, Site } from "./site.ts";
import type { NetworkSecurityGroup, SecurityRule } from "@azure/arm-network";

/** Ids of what says who may talk to whom. */
export interface Firewall {
  readonly id: string;
  readonly groups: Readonly<Record<MachineGroup, string>>;
}

/** A rule in ARM's words. */
type ArmRule = SecurityRule & { readonly name: string };

/** The network security group with exactly our rules; rules of others in it stay. */
export async function ensureFirewall(site: Site, openings: Openings): Promise<Firewall> {
  const { cluster } = site.identity;
  const group = async (name: MachineGroup) =>
    (
      await ensureThing(site, {
        ...{ kind: kinds.group, name: `${cluster}-${name}-asg`, role: "network" },
        body: {},
      })
    ).id;
  const groups = { nodes: await group("nodes"), "control-plane": await group("control-plane") };
  const rules = wantedRules(openings).map((rule) => inArm(rule, groups));
  const firewall = await ensureThing(site, {
    ...{ kind: kinds.firewall, name: `${cluster}-nsg`, role: "network" },
    body: { securityRules: rules },
  });
  await alignRules(site, firewall, rules);
  return { id: firewall.id, groups };
}

async function alignRules(
  site: Site,
  { name: group, securityRules = [] }: Known<NetworkSecurityGroup>,
  rules: readonly ArmRule[],
): Promise<void> {
  const { resourceGroup, clients } = site;
  const operations = async () => (await clients.network()).securityRules;
  for (const { name = "", description } of securityRules) {
    if (rules.some((one) => one.name === name)) continue;
    if (description?.startsWith(ruleMark) !== true) continue;
    await change(site, `close ${name}`, async (options) =>
      ended((await operations()).delete(resourceGroup, group, name, options), options),
    );
  }
  for (const rule of rules) {
    const known = securityRules.find(({ name }) => name === rule.name);
    if (known && isDeepStrictEqual(essence(known, rule), essence(rule, rule))) continue;
    await change(site, `open ${rule.name}`, async (options) =>
      ended(
        (await operations()).createOrUpdate(resourceGroup, group, rule.name, rule, options),
        options,
      ),
    );
  }
}

async function change(
  { session }: Site,
  doing: string,
  send: (options: CallOptions) => Promise<unknown>,
): Promise<void> {
  await call(session, doing, send, untilKnown());
}

/** The properties that we set, whatever the server adds; ids have no case. */
function essence(rule: ArmRule | SecurityRule, wanted: ArmRule): unknown {
  const all: Readonly<Record<string, unknown>> = { ...rule };
  const own = Object.keys(wanted).map((name) => [name, all[name] ?? null]);
  return JSON.parse(JSON.stringify(own).toLowerCase()) as unknown;
}

function inArm(rule: Rule, groups: Firewall["groups"]): ArmRule {
  const { name, priority, access, protocol, ports, from, to, why } = rule;
  const [port = "*"] = ports;
  return {
    ...{ name, description: `${ruleMark}${why}`, priority, access, protocol },
    ...{ direction: "Inbound", sourcePortRange: "*" },
    ...(ports.length === 1
      ? { destinationPortRange: port }
      : { destinationPortRanges: [...ports] }),
    ...sourceOf(from, groups),
    ...(to === "all"
      ? { destinationAddressPrefix: "*" }
      : { destinationApplicationSecurityGroups: [{ id: groups[to] }] }),
  };
}

function sourceOf(from: Rule["from"], groups: Firewall["groups"]): Partial<SecurityRule> {
  if ("group" in from) return { sourceApplicationSecurityGroups: [{ id: groups[from.group] }] };
  if ("tag" in from) return { sourceAddressPrefix: from.tag };
  return { sourceAddressPrefixes: [...from.cidrs] };
}
