import type { Rule } from "#kube/install/accounts";
/**
 * What the agent may do in the cluster, for the install job to render. Pods: only their status may be
 * patched, which is where annotations can be set without a right to change what a pod runs.
 */

/** In a ClusterRole, bound cluster-wide. */
export const agentClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["nodes/checkpoint"], verbs: ["create"] },
  { apiGroups: [""], resources: ["nodes"], verbs: ["get"] },
  { apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: ["get"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["pods/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
  {
    apiGroups: ["clouder.datalayer.io"],
    resources: ["checkpoints", "restores"],
    verbs: ["get", "list", "watch"],
  },
  // The finalizer of stored data.
  { apiGroups: ["clouder.datalayer.io"], resources: ["checkpoints"], verbs: ["patch"] },
  {
    apiGroups: ["clouder.datalayer.io"],
    resources: ["checkpoints/status", "restores/status", "checkpointstores/status"],
    verbs: ["patch"],
  },
  {
    apiGroups: ["clouder.datalayer.io"],
    resources: ["checkpointstores"],
    verbs: ["get", "list"],
  },
];

/** Added where preemption notices are watched; an admission policy bounds it to the agent's own node. */
export const preemptionClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["patch"] },
];

/** In a Role of the system namespace. */
export const agentNamespaceRules: readonly Rule[] = [
  // Node facts; server-side apply is create and patch.
  { apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "patch"] },
  // Credentials of stores, by name: no list, no watch.
  { apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
];

export interface HostMount {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly type: "Directory" | "DirectoryOrCreate" | "";
}

/** Folders of the node that the agent's container needs, and where it expects them. */
export const agentHostMounts: readonly HostMount[] = [
  mount("checkpoints", "/var/lib/kubelet/checkpoints", { type: "DirectoryOrCreate" }),
  mount("state", "/var/lib/clouder", { type: "DirectoryOrCreate" }),
  mount("install", "/opt/clouder", { type: "DirectoryOrCreate" }),
  // The kubelet's serving certificate, for pinning.
  mount("kubelet-pki", "/var/lib/kubelet/pki", { readOnly: true }),
  // Memory of containers, to foresee the room a dump takes.
  mount("cgroup", "/sys/fs/cgroup", { mountPath: "/host/cgroup", readOnly: true }),
  // Versions of criu and runc are asked of the node's own programs, with the node's own libraries.
  mount("usr", "/usr", { mountPath: "/host/usr", readOnly: true }),
  mount("criu-config", "/etc/criu", {
    mountPath: "/host/etc/criu",
    readOnly: true,
    type: "DirectoryOrCreate",
  }),
];

function mount(
  name: string,
  hostPath: string,
  rest: Partial<Omit<HostMount, "name" | "hostPath">>,
): HostMount {
  return { name, hostPath, mountPath: hostPath, readOnly: false, type: "Directory", ...rest };
}
