import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalIdentity } from "./identity.ts";
import { hostCommand } from "./host-command.ts";
import { writePrivate } from "#bootstrap/private-file";
import { formatAddress, overlap, parseNetwork, type Network } from "#bootstrap/spec/cidr";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

export interface LocalNetwork {
  readonly bridge: string;
  /** For example 10.77.12.0/24. */
  readonly subnet: string;
  /** The host's own address on the bridge. */
  readonly gateway: string;
}

/** The network of a cluster, existing or remembered; undefined before the first create. */
export async function findNetwork(identity: LocalIdentity): Promise<LocalNetwork | undefined> {
  const address = await bridgeAddress(identity.bridge);
  if (address !== undefined) return networkOf(identity, `${address.replace(/\.\d+$/, ".0")}/24`);
  const text = await readFile(networkFile(identity), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  return networkOf(identity, (JSON.parse(text) as { subnet: string }).subnet);
}

/** Makes the bridge and the firewall rules that are missing; the choice is recorded first. */
export async function ensureNetwork(
  identity: LocalIdentity,
  spec: ClusterSpec,
  wanted: string | undefined,
): Promise<LocalNetwork> {
  const up = await bridgeAddress(identity.bridge);
  let network = await findNetwork(identity);
  if (up === undefined) {
    const taken = [...(await networksInUse()), ...ownRanges(spec)];
    if (!network || collides(network.subnet, taken)) {
      network = networkOf(identity, wanted ?? freeSubnet(identity.id, taken));
    }
    refuseCollision(network.subnet, taken);
    await writePrivate(networkFile(identity), `${JSON.stringify(network)}\n`);
    await makeBridge(network);
  }
  if (!network) throw new ClouderError("internal", "a bridge without a network");
  await hostCommand(["ip", "link", "set", network.bridge, "up"]);
  await ensureRules(identity, network);
  return network;
}

/** Removes bridge and rules; gives what is left. */
export async function removeNetwork(identity: LocalIdentity): Promise<readonly string[]> {
  await hostCommand(["ip", "link", "delete", identity.bridge], { allowFailure: true });
  for (const { table, rule } of await ourRules(identity)) {
    await hostCommand(["iptables", "-w", "-t", table, "-D", ...rule], { allowFailure: true });
  }
  const left = (await ourRules(identity)).map(({ table, rule }) => `${table}: ${rule.join(" ")}`);
  const link = await hostCommand(["ip", "link", "show", identity.bridge], { allowFailure: true });
  return link.status === 0 ? [identity.bridge, ...left] : left;
}

function networkFile(identity: LocalIdentity): string {
  return join(identity.folder, "network.json");
}

function networkOf(identity: LocalIdentity, subnet: string): LocalNetwork {
  const first = parseNetwork(subnet)?.first ?? 0;
  return { bridge: identity.bridge, subnet, gateway: formatAddress(first + 1) };
}

async function makeBridge({ bridge, gateway }: LocalNetwork): Promise<void> {
  await hostCommand(["ip", "link", "add", bridge, "type", "bridge"], { allowFailure: true });
  const added = await hostCommand(["ip", "address", "add", `${gateway}/24`, "dev", bridge], {
    allowFailure: true,
  });
  if (added.status !== 0 && (await bridgeAddress(bridge)) === undefined) {
    throw new ClouderError("denied", `cannot make the bridge ${bridge}: ${added.stderr.trim()}`, {
      hint: "run as root on a Linux host with the bridge module",
    });
  }
}

interface IpAddress {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
  }[];
}

async function bridgeAddress(bridge: string): Promise<string | undefined> {
  const shown = await hostCommand(["ip", "-j", "-4", "address", "show", "dev", bridge], {
    allowFailure: true,
  });
  if (shown.status !== 0 || shown.stdout.trim() === "") return undefined;
  const [link] = JSON.parse(shown.stdout) as readonly IpAddress[];
  return link?.addr_info.find(({ family }) => family === "inet")?.local;
}

/** Every network this host has a route to, the default route aside. */
async function networksInUse(): Promise<readonly Network[]> {
  const routes = await hostCommand(["ip", "-j", "-4", "route", "show", "table", "all"]);
  return (JSON.parse(routes.stdout) as readonly { readonly dst: string }[])
    .map(({ dst }) => parseNetwork(dst.includes("/") ? dst : `${dst}/32`))
    .filter((network) => network !== undefined)
    .filter(({ prefix }) => prefix > 0);
}

function ownRanges(spec: ClusterSpec): readonly Network[] {
  return [spec.network.podCIDR, spec.network.serviceCIDR]
    .map(parseNetwork)
    .filter((network) => network !== undefined);
}

function collides(subnet: string, taken: readonly Network[]): boolean {
  const network = parseNetwork(subnet);
  return network === undefined || taken.some((one) => overlap(one, network));
}

function refuseCollision(subnet: string, taken: readonly Network[]): void {
  if (collides(subnet, taken)) {
    throw new ClouderError("conflict", `the network ${subnet} is in use on this host`, {
      hint: "leave out spec.provider.settings.subnet, or give a free /24",
    });
  }
}

/** Starts at a place of its own for each cluster, so that two creates at once seldom meet. */
export function freeSubnet(id: string, taken: readonly Network[]): string {
  const start = Number.parseInt(id.slice(0, 4), 16);
  for (let step = 0; step < 64 * 256; step += 1) {
    const place = (start + step) % (64 * 256);
    const subnet = `10.${64 + Math.floor(place / 256)}.${place % 256}.0/24`;
    if (!collides(subnet, taken)) return subnet;
  }
  throw new ClouderError("conflict", "this host has no free network in 10.64.0.0/10", {
    hint: "give a free /24 in spec.provider.settings.subnet",
  });
}

interface Rule {
  readonly table: "filter" | "nat";
  readonly rule: readonly string[];
}

/**
 * Frames between machines pass the host's FORWARD chain where bridge netfilter is on. The way out
 * is opened only where the host forwards anyway: no setting of the host is changed.
 */
async function ensureRules(identity: LocalIdentity, network: LocalNetwork): Promise<void> {
  const { bridge, subnet } = network;
  const forwards = (await readFile("/proc/sys/net/ipv4/ip_forward", "utf8")).trim() === "1";
  const wanted: Rule[] = [
    { table: "filter", rule: ["FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"] },
  ];
  if (forwards) {
    wanted.push(
      { table: "filter", rule: ["FORWARD", "-i", bridge, "!", "-o", bridge, "-j", "ACCEPT"] },
      {
        table: "filter",
        rule: [
          ...["FORWARD", "-o", bridge, "-m", "conntrack"],
          ...["--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"],
        ],
      },
      {
        table: "nat",
        rule: ["POSTROUTING", "-s", subnet, "!", "-o", bridge, "-j", "MASQUERADE"],
      },
    );
  }
  for (const { table, rule } of wanted) {
    const marked = [...rule, "-m", "comment", "--comment", identity.ruleComment];
    const there = await hostCommand(["iptables", "-w", "-t", table, "-C", ...marked], {
      allowFailure: true,
    });
    if (there.status !== 0) await hostCommand(["iptables", "-w", "-t", table, "-I", ...marked]);
  }
}

async function ourRules(identity: LocalIdentity): Promise<readonly Rule[]> {
  const rules: Rule[] = [];
  for (const table of ["filter", "nat"] as const) {
    const { stdout } = await hostCommand(["iptables", "-w", "-t", table, "-S"], {
      allowFailure: true,
    });
    for (const line of stdout.split("\n")) {
      if (!line.startsWith("-A ") || !line.includes(identity.ruleComment)) continue;
      rules.push({ table, rule: line.slice(3).replaceAll('"', "").split(" ") });
    }
  }
  return rules;
}
