import {
  account,
  controllerName,
  daemonSet,
  onControlPlanes,
  rule,
} from "#bootstrap/clouds/controller-parts";
import { upstream } from "#bootstrap/packages/upstream";

/** Where control planes have the settings of Azure's controllers. */
export const azureConfigFile = "/etc/kubernetes/azure.json";

const nodeManager = "cloud-node-manager";

/**
 * Azure's controllers: one, on control planes, for load balancers of Services and for nodes whose
 * machines are gone; one on every node, which tells addresses, zone and size of its own machine.
 */
export function azureController(cluster: string, podCIDR: string): readonly object[] {
  return [
    ...account(controllerName, controllerRules, true),
    daemonSet(controllerName, {
      ...onControlPlanes,
      container: {
        image: upstream.cloudControllers.azure,
        command: ["cloud-controller-manager"],
        args: [
          ...["--v=2", "--cloud-provider=azure", `--cloud-config=${azureConfigFile}`],
          ...[`--cluster-name=${cluster}`, `--cluster-cidr=${podCIDR}`, "--leader-elect=true"],
          "--controllers=*,-cloud-node-controller",
          // Pods are flannel's business, and the ranges of nodes are kube-controller-manager's.
          ...["--configure-cloud-routes=false", "--allocate-node-cidrs=false"],
        ],
        // The file is root's alone.
        securityContext: { runAsUser: 0 },
        resources: { requests: { cpu: "100m", memory: "128Mi" } },
        volumeMounts: [
          { name: "cloud-config", mountPath: azureConfigFile, readOnly: true },
          { name: "certificates", mountPath: "/etc/ssl", readOnly: true },
        ],
      },
      volumes: [
        { name: "cloud-config", hostPath: { path: azureConfigFile, type: "File" } },
        { name: "certificates", hostPath: { path: "/etc/ssl" } },
      ],
    }),
    ...account(nodeManager, nodeRules, false),
    daemonSet(nodeManager, {
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [{ operator: "Exists" }],
      container: {
        image: upstream.cloudControllers.azureNode,
        command: ["cloud-node-manager"],
        args: ["--v=2", "--node-name=$(NODE_NAME)", "--wait-routes=false"],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        resources: { requests: { cpu: "50m", memory: "50Mi" } },
      },
    }),
  ];
}

const controllerRules = [
  rule("", "events", "create", "patch", "update"),
  rule("", "nodes", "get", "list", "watch", "update", "patch", "delete"),
  rule("", "nodes/status", "patch"),
  rule("", "services services/status", "list", "patch", "update", "watch"),
  rule("coordination.k8s.io", "leases", "get", "create", "update"),
  rule("discovery.k8s.io", "endpointslices", "get", "list", "watch"),
];
const nodeRules = [
  rule("", "nodes", "watch", "list", "get", "update", "patch"),
  rule("", "nodes/status", "patch"),
];
