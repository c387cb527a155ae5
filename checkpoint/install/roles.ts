import type { KubeObject } from "#kube/kube";
import { agentClusterRules, agentNamespaceRules, type Rule } from "#checkpoint/agent/rights";
import { apiGroup, systemNamespace } from "#checkpoint/api/names";
import { controllerClusterRules, controllerNamespaceRules } from "#checkpoint/controller/rights";
import { commonLabels } from "#checkpoint/install/labels";

const rbac = "rbac.authorization.k8s.io";
const roleApi = `${rbac}/v1`;

/** ServiceAccounts of agent and controller with exactly what they need. */
export function serviceRoles(): readonly KubeObject[] {
  return [
    ...account("clouder-agent", agentClusterRules, agentNamespaceRules),
    ...account("clouder-controller", controllerClusterRules, controllerNamespaceRules),
  ];
}

/**
 * Roles that join Kubernetes' own view, edit and admin: whoever may edit a namespace may checkpoint
 * its pods and restore its checkpoints, without a right on nodes and without cloud keys.
 */
export function userRoles(): readonly KubeObject[] {
  const resources = ["checkpoints", "restores"];
  const read = ["get", "list", "watch"];
  return [
    clusterRole("clouder-view", [{ apiGroups: [apiGroup], resources, verbs: read }], ["view"]),
    clusterRole(
      "clouder-edit",
      [
        {
          apiGroups: [apiGroup],
          resources,
          verbs: [...read, "create", "update", "patch", "delete", "deletecollection"],
        },
      ],
      ["edit", "admin"],
    ),
  ];
}

function account(
  name: string,
  clusterRules: readonly Rule[],
  namespaceRules: readonly Rule[],
): readonly KubeObject[] {
  const inNamespace = { name, namespace: systemNamespace, labels: commonLabels };
  const subjects = [{ kind: "ServiceAccount", name, namespace: systemNamespace }];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: inNamespace },
    clusterRole(name, clusterRules),
    {
      apiVersion: roleApi,
      kind: "ClusterRoleBinding",
      metadata: { name, labels: commonLabels },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects,
    } as KubeObject,
    {
      apiVersion: roleApi,
      kind: "Role",
      metadata: inNamespace,
      rules: namespaceRules,
    } as KubeObject,
    {
      apiVersion: roleApi,
      kind: "RoleBinding",
      metadata: inNamespace,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects,
    } as KubeObject,
  ];
}

function clusterRole(
  name: string,
  rules: readonly Rule[],
  joins: readonly string[] = [],
): KubeObject {
  const joining = joins.map((role) => [`${rbac}/aggregate-to-${role}`, "true"] as const);
  return {
    apiVersion: roleApi,
    kind: "ClusterRole",
    metadata: { name, labels: { ...commonLabels, ...Object.fromEntries(joining) } },
    rules,
  } as KubeObject;
}
