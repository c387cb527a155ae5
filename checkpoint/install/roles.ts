import type { KubeObject } from "#kube/kube";
import {
  agentClusterRules,
  agentNamespaceRules,
  preemptionClusterRules,
} from "#checkpoint/agent/rights";
import { apiGroup, systemNamespace } from "#checkpoint/api/names";
import { controllerClusterRules, controllerNamespaceRules } from "#checkpoint/controller/rights";
import type { InstallSettings } from "#checkpoint/install/settings";
import { clusterRole, serviceAccount } from "#kube/install/accounts";

const agent = { name: "clouder-agent", namespace: systemNamespace };
const controller = { name: "clouder-controller", namespace: systemNamespace };

/** ServiceAccounts of agent and controller with exactly what they need. */
export function serviceRoles({
  preemption,
}: Pick<InstallSettings, "preemption">): readonly KubeObject[] {
  const agentRules = [...agentClusterRules, ...(preemption ? preemptionClusterRules : [])];
  return [
    ...serviceAccount(agent, agentRules, agentNamespaceRules),
    ...serviceAccount(controller, controllerClusterRules, controllerNamespaceRules),
  ];
}

/**
 * Roles that join Kubernetes' own view, edit and admin: whoever may edit a namespace may checkpoint
 * its pods and restore its checkpoints, without a right on nodes and without cloud keys.
 */
export function userRoles(): readonly KubeObject[] {
  const resources = ["checkpoints", "restores", "containerendpoints"];
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
