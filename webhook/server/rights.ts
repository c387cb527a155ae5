import { apiGroup } from "#checkpoint/api/names";
import type { Rule } from "#kube/install/accounts";
import { secretIndexName, servingSecretName } from "#webhook/api/names";

/**
 * What the reachable process may do; the install job renders it. It can read no Secret but its own
 * serving certificate: whoever takes it over learns the names of Secrets, not their values.
 */

/** In a ClusterRole, bound cluster-wide. */
export const webhookClusterRules: readonly Rule[] = [
  {
    apiGroups: [apiGroup],
    resources: ["injectionpolicies", "clusterinjectionpolicies"],
    verbs: ["list", "watch"],
  },
  { apiGroups: ["kubeflow.org"], resources: ["poddefaults"], verbs: ["list", "watch"] },
  // One that no watch has told of yet is asked for by name.
  {
    apiGroups: [""],
    resources: ["namespaces", "serviceaccounts"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: [secretIndexName],
    verbs: ["list", "watch"],
  },
  {
    apiGroups: ["authorization.k8s.io"],
    resources: ["subjectaccessreviews"],
    verbs: ["create"],
  },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
];

/** In a Role of the system namespace. */
export const webhookNamespaceRules: readonly Rule[] = [
  {
    apiGroups: [""],
    resources: ["secrets"],
    resourceNames: [servingSecretName],
    verbs: ["get", "list", "watch"],
  },
];
