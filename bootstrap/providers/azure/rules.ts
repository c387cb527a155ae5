/** Machines as the rules tell them apart. */
export type MachineGroup = "nodes" | "control-plane";

/** One allowed way in. */
export interface Rule {
  readonly name: string;
  readonly priority: number;
  readonly access: "Allow" | "Deny";
  readonly protocol: "Tcp" | "Udp" | "Icmp" | "*";
  /** "22", "2379-2380"; "*" is all. */
  readonly ports: readonly string[];
  readonly from:
    | { readonly cidrs: readonly string[] }
    | { readonly group: MachineGroup }
    | { readonly tag: "AzureLoadBalancer" | "VirtualNetwork" };
  readonly to: MachineGroup | "all";
  readonly why: string;
}

export interface Openings {
  /** Networks of the people who use the cluster; private machines' own network, too. */
  readonly people: readonly string[];
  readonly ingress: boolean;
}

type Way = readonly [protocol: Rule["protocol"], ...ports: string[]];

const rule = (
  [name, priority]: readonly [string, number],
  [protocol, ...ports]: Way,
  from: Rule["from"],
  to: Rule["to"],
  why: string,
): Rule => ({ name, priority, access: "Allow", protocol, ports, from, to, why });

const nodes = { group: "nodes" } as const;
const planes = { group: "control-plane" } as const;

/**
 * The ways in; nothing is open to the whole Internet, nor to other machines of the virtual network.
 * Rules for Services are added by the cloud controller, before ours.
 */
export function wantedRules({ people, ingress }: Openings): readonly Rule[] {
  const callers = { cidrs: people };
  return [
    rule(["AllowSSH", 1000], ["Tcp", "22"], callers, "all", "SSH"),
    rule(["AllowK8sAPI", 1100], ["Tcp", "6443"], callers, "control-plane", "API server"),
    rule(["AllowK8sAPIFromNodes", 1110], ["Tcp", "6443"], nodes, "control-plane", "API server"),
    rule(["AllowKubelet", 1200], ["Tcp", "10250"], nodes, "all", "kubelet"),
    rule(["AllowEtcd", 1210], ["Tcp", "2379-2380"], planes, "control-plane", "etcd"),
    rule(
      ...([
        ["AllowControllers", 1220],
        ["Tcp", "10257", "10259"],
      ] as const),
      ...([planes, "control-plane", "scheduler and controller manager"] as const),
    ),
    rule(["AllowFlannel", 1230], ["Udp", "8472"], nodes, "all", "Flannel VXLAN"),
    rule(["AllowPing", 1240], ["Icmp", "*"], nodes, "all", "path MTU and ping"),
    ...(ingress
      ? [
          rule(["NodePorts", 1300], ["Tcp", "30000-32767"], callers, "all", "NodePort Services"),
          rule(["HTTP", 1400], ["Tcp", "80"], callers, "all", "HTTP ingress"),
          rule(["HTTPS", 1500], ["Tcp", "443"], callers, "all", "HTTPS ingress"),
        ]
      : []),
    rule(
      ...([
        ["AllowLoadBalancer", 4000],
        ["*", "*"],
      ] as const),
      ...([{ tag: "AzureLoadBalancer" }, "all", "health probes"] as const),
    ),
    // Azure's own rule would let in the whole virtual network and what it is peered with.
    {
      ...rule(
        ...([
          ["DenyOtherMachines", 4010],
          ["*", "*"],
        ] as const),
        ...([{ tag: "VirtualNetwork" }, "all", "machines that are not of the cluster"] as const),
      ),
      access: "Deny",
    },
  ];
}

/** Rules of ours carry this in their description; others were added by controllers or people. */
export const ruleMark = "clouder: ";
