import type { Rule } from "#kube/install/accounts";

/** What the controller may do in the cluster, for the install job to render. */

/** In a ClusterRole, bound cluster-wide. */
export const controllerClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] },
  // Requests of running pods tell the room on a node; pods of failed Restores are removed.
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "delete"] },
  {
    apiGroups: ["clouder.datalayer.io"],
    resources: ["checkpoints", "restores"],
    verbs: ["get", "list", "watch"],
  },
  // The finalizer of Checkpoints that stored nothing.
  { apiGroups: ["clouder.datalayer.io"], resources: ["checkpoints"], verbs: ["patch"] },
  // Restores that were finished long ago.
  { apiGroups: ["clouder.datalayer.io"], resources: ["restores"], verbs: ["delete"] },
  {
    apiGroups: ["clouder.datalayer.io"],
    resources: [
      "checkpoints/status",
      "restores/status",
      "checkpointstores/status",
      "containerendpoints/status",
    ],
    verbs: ["patch"],
  },
  { apiGroups: ["clouder.datalayer.io"], resources: ["checkpointstores"], verbs: ["list"] },
  { apiGroups: ["clouder.datalayer.io"], resources: ["containerendpoints"], verbs: ["list"] },
  // Heartbeats of endpoints.
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["list"] },
];

/** In a Role of the system namespace. */
export const controllerNamespaceRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: ["clouder-controller"],
    verbs: ["get", "update"],
  },
];
