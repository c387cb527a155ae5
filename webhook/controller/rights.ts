import { apiGroup } from "#checkpoint/api/names";
import type { Rule } from "#kube/install/accounts";
import {
  caSecretName,
  injectionControllerName,
  secretIndexName,
  servingSecretName,
  webhookName,
} from "#webhook/api/names";

/**
 * What the injection controller may do, for the install job to render. It may read Secrets of all
 * namespaces: Kubernetes knows no right to their names and labels alone. That is why it is a process
 * of its own, which listens to nobody, and why the webhook reads its index instead.
 */

const group = apiGroup;
const follow = ["list", "watch"] as const;

/** In a ClusterRole, bound cluster-wide. */
export const controllerClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["secrets"], verbs: follow },
  // Labels of namespaces and ServiceAccounts; single ones when the watch is behind.
  { apiGroups: [""], resources: ["namespaces", "serviceaccounts"], verbs: ["get", ...follow] },
  // Pods that wait for their claims.
  { apiGroups: [""], resources: ["pods"], verbs: follow },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
  // The index of a namespace's Secrets: made without a name to go by, then by name.
  { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: [secretIndexName],
    verbs: [...follow, "update", "delete"],
  },
  // Homes are made, never changed or deleted.
  {
    apiGroups: [""],
    resources: ["persistentvolumeclaims"],
    verbs: ["get", ...follow, "create"],
  },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["list"] },
  {
    apiGroups: [group],
    resources: ["injectionpolicies", "clusterinjectionpolicies"],
    verbs: follow,
  },
  {
    apiGroups: [group],
    resources: ["injectionpolicies/status", "clusterinjectionpolicies/status"],
    verbs: ["patch"],
  },
  { apiGroups: ["kubeflow.org"], resources: ["poddefaults"], verbs: follow },
  // Its caBundle.
  {
    apiGroups: ["admissionregistration.k8s.io"],
    resources: ["mutatingwebhookconfigurations"],
    resourceNames: [webhookName],
    verbs: ["get", ...follow, "update"],
  },
];

/** In a Role of the system namespace. */
export const controllerNamespaceRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
  {
    apiGroups: [""],
    resources: ["secrets"],
    resourceNames: [caSecretName, servingSecretName],
    verbs: ["get", ...follow, "update", "patch", "delete"],
  },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: [injectionControllerName],
    verbs: ["get", "update"],
  },
];
