import { commonLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";

/** rbac/v1 PolicyRule. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const rbac = "rbac.authorization.k8s.io";
const roleApi = `${rbac}/v1`;

/** A ServiceAccount with exactly these rights, in the whole cluster and in its own namespace. */
export function serviceAccount(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  clusterRules: readonly Rule[],
  namespaceRules: readonly Rule[],
): readonly KubeObject[] {
  const inNamespace = { name, namespace, labels: commonLabels };
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
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

/** A ClusterRole; it joins the aggregated roles of `joins`, such as view and edit. */
export function clusterRole(
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
