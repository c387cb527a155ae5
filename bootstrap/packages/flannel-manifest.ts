import { upstream } from "#bootstrap/packages/upstream";

const labels = { "k8s-app": "flannel", tier: "node" };
const namespace = "kube-flannel";
const own = { name: "flannel", labels: { "k8s-app": "flannel" } };

const cniConfig = {
  name: "cbr0",
  cniVersion: "0.3.1",
  plugins: [
    { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};
const networkConfig = {
  Network: "10.244.0.0/16",
  EnableNFTables: true,
  Backend: { Type: "vxlan" },
};

/** flannel's own objects with its pinned images: VXLAN, nftables as kube-proxy uses them. */
export function flannelManifest(): string {
  return [...rights(), ...settings(), daemonSet()]
    .map((one) => `${JSON.stringify(one, null, 2)}\n`)
    .join("---\n");
}

function rights(): readonly object[] {
  const api = "rbac.authorization.k8s.io/v1";
  const rule = (resources: string, ...verbs: string[]) => ({
    ...{ apiGroups: [""], resources: [resources], verbs },
  });
  return [
    {
      ...{ apiVersion: "v1", kind: "Namespace" },
      metadata: {
        name: namespace,
        labels: { ...own.labels, "pod-security.kubernetes.io/enforce": "privileged" },
      },
    },
    {
      ...{ apiVersion: api, kind: "ClusterRole", metadata: own },
      rules: [
        rule("pods", "get"),
        rule("nodes", "get", "list", "watch"),
        rule("nodes/status", "patch"),
      ],
    },
    {
      ...{ apiVersion: api, kind: "ClusterRoleBinding", metadata: own },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
      subjects: [{ kind: "ServiceAccount", name: "flannel", namespace }],
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...own, namespace } },
  ];
}

function settings(): readonly object[] {
  return [
    {
      ...{ apiVersion: "v1", kind: "ConfigMap" },
      metadata: { name: "kube-flannel-cfg", namespace, labels: { ...labels, app: "flannel" } },
      data: {
        "cni-conf.json": JSON.stringify(cniConfig),
        "net-conf.json": JSON.stringify(networkConfig),
      },
    },
  ];
}

function daemonSet(): object {
  const { image, plugin } = upstream.flannel;
  const app = { ...labels, app: "flannel" };
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const host = (name: string, path: string, type?: string) => ({
    ...{ name, hostPath: { path, ...(type !== undefined && { type }) } },
  });
  const fromPod = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet" },
    metadata: { name: "kube-flannel-ds", namespace, labels: app },
    spec: {
      selector: { matchLabels: { app: "flannel" } },
      template: {
        metadata: { labels: app },
        spec: {
          ...{ nodeSelector: { "kubernetes.io/os": "linux" }, hostNetwork: true },
          priorityClassName: "system-node-critical",
          tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
          serviceAccountName: "flannel",
          initContainers: [
            {
              ...{ name: "install-cni-plugin", image: plugin },
              command: ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"],
              volumeMounts: [mount("cni-plugin", "/opt/cni/bin")],
            },
            {
              ...{ name: "install-cni", image, command: ["cp", "-f"] },
              args: ["/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
              volumeMounts: [
                mount("cni", "/etc/cni/net.d"),
                mount("flannel-cfg", "/etc/kube-flannel/"),
              ],
            },
          ],
          containers: [
            {
              ...{ name: "kube-flannel", image, command: ["/opt/bin/flanneld"] },
              args: ["--ip-masq", "--kube-subnet-mgr"],
              resources: { requests: { cpu: "100m", memory: "50Mi" } },
              securityContext: {
                ...{ privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
              },
              env: [
                fromPod("POD_NAME", "metadata.name"),
                fromPod("POD_NAMESPACE", "metadata.namespace"),
                { name: "EVENT_QUEUE_DEPTH", value: "5000" },
                { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
              ],
              volumeMounts: [
                mount("run", "/run/flannel"),
                mount("flannel-cfg", "/etc/kube-flannel/"),
                mount("xtables-lock", "/run/xtables.lock"),
              ],
            },
          ],
          volumes: [
            host("run", "/run/flannel"),
            host("cni-plugin", "/opt/cni/bin"),
            host("cni", "/etc/cni/net.d"),
            { name: "flannel-cfg", configMap: { name: "kube-flannel-cfg" } },
            host("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
          ],
        },
      },
    },
  };
}
