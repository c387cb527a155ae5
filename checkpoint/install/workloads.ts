import type { DaemonSet, Deployment } from "#kube/objects";
import type { KubeObject } from "#kube/kube";
import { agentHostMounts, type HostMount } from "#checkpoint/agent/rights";
import { agentMemory } from "#checkpoint/agent/memory";
import { nodePaths, systemNamespace } from "#checkpoint/api/names";
import { componentLabels } from "#kube/install/labels";
import {
  confined,
  disruptionBudget,
  fieldVariable,
  podEnvironment,
  probes,
  spread,
  unprivileged,
} from "#kube/install/pod-parts";
import type { InstallSettings } from "#checkpoint/install/settings";

const agentPort = 8082;
const controllerPort = 8081;
const probing = { port: "health", startSeconds: 60, readyEverySeconds: 5 };

/** One agent on every node: root without privileges, a read-only root, the folders it needs. */
export function agentDaemonSet(settings: InstallSettings): DaemonSet {
  const labels = componentLabels("agent");
  const mounts = [...agentHostMounts, ...storeMounts(settings.storeFolders)];
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "clouder-agent", namespace: systemNamespace, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "20%" } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "clouder-agent",
          // Metadata services answer machines, not their pods.
          ...(settings.preemption && {
            hostNetwork: true,
            dnsPolicy: "ClusterFirstWithHostNet" as const,
          }),
          priorityClassName: "system-node-critical",
          tolerations: [{ operator: "Exists" }],
          nodeSelector: { "kubernetes.io/os": "linux" },
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: "agent",
              image: settings.image,
              imagePullPolicy: "IfNotPresent",
              command: ["clouder-agent"],
              env: [
                ...podEnvironment,
                fieldVariable("NODE_NAME", "spec.nodeName"),
                fieldVariable("HOST_IP", "status.hostIP"),
                { name: "CLOUDER_KUBELET_CERTIFICATE", value: settings.kubeletCertificate },
                { name: "CLOUDER_HEALTH_PORT", value: String(agentPort) },
                ...(settings.preemption ? [{ name: "CLOUDER_PREEMPTION", value: "watch" }] : []),
                ...agentMemory,
              ],
              ports: [{ name: "health", containerPort: agentPort }],
              ...probes(probing),
              resources: {
                requests: { cpu: "50m", memory: "128Mi" },
                limits: { memory: "512Mi" },
              },
              securityContext: {
                runAsUser: 0,
                runAsGroup: 0,
                // For folders of stores that belong to others; root's own files need no capability.
                capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE"] },
                ...confined,
              },
              volumeMounts: [
                ...mounts.map((mount) => ({
                  name: mount.name,
                  mountPath: mount.mountPath,
                  ...(mount.readOnly ? { readOnly: true } : {}),
                })),
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            ...mounts.map(({ name, hostPath, type }) => ({
              name,
              hostPath: { path: hostPath, type },
            })),
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

/** Two controllers on different nodes, one of which works. */
export function controllerObjects(settings: InstallSettings): readonly KubeObject[] {
  const labels = componentLabels("controller");
  const metadata = { name: "clouder-controller", namespace: systemNamespace, labels };
  const deployment: Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "clouder-controller",
          priorityClassName: "system-cluster-critical",
          topologySpreadConstraints: spread(labels),
          containers: [
            {
              name: "controller",
              image: settings.image,
              imagePullPolicy: "IfNotPresent",
              command: ["clouder-controller"],
              env: [
                ...podEnvironment,
                { name: "CLOUDER_HEALTH_PORT", value: String(controllerPort) },
              ],
              ports: [{ name: "health", containerPort: controllerPort }],
              ...probes(probing),
              resources: {
                requests: { cpu: "20m", memory: "96Mi" },
                limits: { memory: "384Mi" },
              },
              securityContext: unprivileged,
            },
          ],
        },
      },
    },
  };
  const named = { name: metadata.name, namespace: systemNamespace, component: "controller" };
  return [deployment, disruptionBudget(named, { minAvailable: 1 })];
}

/** Folders of file:// stores outside of the agent's own folder. */
function storeMounts(folders: readonly string[]): readonly HostMount[] {
  return folders
    .filter((folder) => folder !== nodePaths.state && !folder.startsWith(`${nodePaths.state}/`))
    .map((folder, index) => ({
      name: `store-${index}`,
      hostPath: folder,
      mountPath: folder,
      readOnly: false,
      type: "DirectoryOrCreate",
    }));
}
