/** Groups of a cluster: all machines, control planes besides, and the load balancers. */
export type GroupName = "nodes" | "control-plane" | "api-internal" | "api-public";

/** One allowed way into a group. */
export interface Rule {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly from: number;
  readonly to: number;
  readonly source: { readonly cidr: string } | { readonly group: GroupName };
  readonly why: string;
}

export interface Openings {
  /** Networks of the people who use the cluster. */
  readonly allowed: readonly string[];
  readonly ingress: boolean;
  /** Load balancers of the API server. */
  readonly balancers: readonly ("api-internal" | "api-public")[];
  /** Private machines are reached from inside their network. */
  readonly inside?: string | undefined;
}

const tcp = (from: number, to: number, source: Rule["source"], why: string): Rule => ({
  ...{ protocol: "tcp", from, to, source, why },
});
const nodes = { group: "nodes" } as const;
const planes = { group: "control-plane" } as const;

/** The ways in; nothing is open to the whole Internet. NodePorts for balancers are added by their controller. */
export function wantedRules(openings: Openings): Readonly<Record<GroupName, readonly Rule[]>> {
  const { allowed, ingress, balancers, inside } = openings;
  const people = [...allowed, ...(inside === undefined ? [] : [inside])].map((cidr) => ({ cidr }));
  const fromPeople = (from: number, to: number, why: string) =>
    people.map((source) => tcp(from, to, source, why));
  return {
    nodes: [
      ...fromPeople(22, 22, "SSH"),
      tcp(10250, 10250, nodes, "kubelet"),
      { protocol: "udp", from: 8472, to: 8472, source: nodes, why: "Flannel VXLAN" },
      { protocol: "icmp", from: -1, to: -1, source: nodes, why: "path MTU and ping" },
      ...(ingress
        ? [
            ...fromPeople(80, 80, "HTTP ingress"),
            ...fromPeople(443, 443, "HTTPS ingress"),
            ...fromPeople(30000, 32767, "NodePort Services"),
          ]
        : []),
    ],
    "control-plane": [
      ...fromPeople(6443, 6443, "API server"),
      tcp(6443, 6443, nodes, "API server"),
      ...balancers.map((group) => tcp(6443, 6443, { group }, "API server")),
      tcp(2379, 2380, planes, "etcd"),
      tcp(10257, 10257, planes, "controller manager"),
      tcp(10259, 10259, planes, "scheduler"),
    ],
    "api-internal": [
      tcp(6443, 6443, nodes, "API server"),
      ...(balancers.includes("api-public") ? [] : fromPeople(6443, 6443, "API server")),
    ],
    "api-public": fromPeople(6443, 6443, "API server"),
  };
}

/** Rules of ours carry this in their description; others were added by controllers or people. */
export const ruleMark = "clouder: ";

/** One text for the same rule, however it was written. */
export function ruleKey(rule: Pick<Rule, "protocol" | "from" | "to">, source: string): string {
  return `${rule.protocol} ${rule.from}-${rule.to} ${source}`;
}
