/** Parts that the controllers of all clouds have in common. */

export const systemNamespace = "kube-system";

/** What controllers of a cloud run as in the cluster. */
export const controllerName = "cloud-controller-manager";

export type Rule = Readonly<Record<"apiGroups" | "resources" | "verbs", readonly string[]>>;

/** May do these things with these resources of one API group. */
export const rule = (group: string, resources: string, ...verbs: readonly string[]): Rule => ({
  ...{ apiGroups: [group], resources: resources.split(" "), verbs },
});

/** An account, what it may do, and that it may ask the API server who talks to it. */
export function account(name: string, rules: readonly Rule[], asks: boolean): readonly object[] {
  const rbac = "rbac.authorization.k8s.io";
  const apiVersion = `${rbac}/v1`;
  const subjects = [{ kind: "ServiceAccount", name, namespace: systemNamespace }];
  const role = `system:${name}`;
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: systemNamespace } },
    { ...{ apiVersion, kind: "ClusterRole", metadata: { name: role } }, rules },
    {
      ...{ apiVersion, kind: "ClusterRoleBinding", metadata: { name: role } },
      ...{ roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role }, subjects },
    },
    ...(asks
      ? [
          {
            ...{ apiVersion, kind: "RoleBinding" },
            metadata: { name: `${role}:authentication-reader`, namespace: systemNamespace },
            roleRef: {
              ...{ apiGroup: rbac, kind: "Role" },
              name: "extension-apiserver-authentication-reader",
            },
            subjects,
          },
        ]
      : []),
  ];
}

/** What runs on every node that `spec` chooses, before pods have a network. */
export function daemonSet(
  name: string,
  { container, ...spec }: Readonly<Record<string, unknown>> & { readonly container: object },
): object {
  const labels = { "k8s-app": name };
  return {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet" },
    metadata: { name, namespace: systemNamespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...{ priorityClassName: "system-node-critical", serviceAccountName: name },
          ...{ hostNetwork: true, dnsPolicy: "Default" },
          ...spec,
          containers: [{ name, imagePullPolicy: "IfNotPresent", ...container }],
        },
      },
    },
  };
}

/** Only control planes have the rights that a cloud's controllers need. */
export const onControlPlanes = {
  nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
  tolerations: [
    { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" },
    // It runs before the pod network, which makes nodes ready.
    { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
  ],
};
