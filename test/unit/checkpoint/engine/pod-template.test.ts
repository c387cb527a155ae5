import { describe, expect, it } from "vitest";
import type { Pod, PodSpec } from "#kube/objects";
import { podForRestore, recordTemplate } from "#checkpoint/engine/pod-template";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const tokenVolume = {
  name: "kube-api-access-x7k2p",
  projected: { sources: [{ serviceAccountToken: { path: "token" } }, { configMap: {} }] },
};
const target = { name: "again", namespace: "other", restoreUID: "uid-1", nodeName: "node2" };

function pod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", ...metadata },
    spec: { containers: [{ name: "main", image: "busybox:1" }], ...spec },
    status: { phase: "Running", podIP: "10.0.0.1" },
  };
}

const restored = (spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}) =>
  podForRestore(recordTemplate(pod(spec, metadata)), target);

describe("the pod for a restore", () => {
  it("L1: has the new name, the annotation and the runtime class, and an affinity to the node, no nodeName", () => {
    const made = restored({ nodeName: "node1", runtimeClassName: "kata" });
    expect(made.metadata).toEqual({
      name: "again",
      namespace: "other",
      annotations: { "clouder.datalayer.io/restore": "uid-1" },
    });
    expect(made.spec.runtimeClassName).toBe("clouder");
    expect(made).not.toHaveProperty("status");
    expect(made.spec).not.toHaveProperty("nodeName");
    expect(made.spec.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: "metadata.name", operator: "In", values: ["node2"] }] },
          ],
        },
      },
    });
  });

  it.each([
    ["serviceAccount", "default"],
    ["priority", 0],
    ["preemptionPolicy", "PreemptLowerPriority"],
    ["overhead", { memory: "1Mi" }],
    ["ephemeralContainers", [{ name: "debug" }]],
    ["schedulingGates", [{ name: "x" }]],
    ["enableServiceLinks", true],
    ["schedulerName", "default-scheduler"],
    ["dnsPolicy", "ClusterFirst"],
    ["terminationGracePeriodSeconds", 30],
    ["securityContext", {}],
    ["nodeSelector", { "kubernetes.io/hostname": "node1" }],
  ])("does not take over %s = %j", (field, value) => {
    expect(restored({ [field]: value }).spec).not.toHaveProperty(field);
  });

  it.each([
    ["serviceAccountName", "builder"],
    ["priorityClassName", "high"],
    ["enableServiceLinks", false],
    ["schedulerName", "mine"],
    ["dnsPolicy", "None"],
    ["terminationGracePeriodSeconds", 5],
    ["securityContext", { runAsUser: 1000 }],
    ["hostname", "web"],
    ["restartPolicy", "Never"],
    ["imagePullSecrets", [{ name: "registry" }]],
    ["nodeSelector", { disk: "ssd" }],
    ["initContainers", [{ name: "init", image: "busybox:1" }]],
  ])("keeps %s = %j", (field, value) => {
    expect(restored({ [field]: value }).spec[field]).toEqual(value);
  });

  it("drops the injected token volume and its mounts, and asks admission for a new one at its path", () => {
    const mounts = [
      { name: "data", mountPath: "/data" },
      { name: tokenVolume.name, mountPath: tokenPath, readOnly: true },
    ];
    const { spec } = restored({
      containers: [{ name: "main", volumeMounts: mounts }],
      initContainers: [{ name: "init", volumeMounts: mounts.slice(1) }],
      volumes: [{ name: "data", emptyDir: {} }, tokenVolume],
    });
    expect(spec["automountServiceAccountToken"]).toBe(true);
    expect(spec.volumes).toEqual([{ name: "data", emptyDir: {} }]);
    expect(spec.containers[0]?.volumeMounts).toEqual([{ name: "data", mountPath: "/data" }]);
    expect(spec.initContainers?.[0]).not.toHaveProperty("volumeMounts");
  });

  it("keeps a pod without token without one, whatever its ServiceAccount says by now", () => {
    expect(restored().spec["automountServiceAccountToken"]).toBe(false);
  });

  it("keeps token volumes that the user has written", () => {
    const own = { ...tokenVolume, name: "vault-token" };
    const mount = { name: "vault-token", mountPath: "/vault" };
    const { spec } = restored({
      volumes: [own],
      containers: [{ name: "main", volumeMounts: [mount] }],
    });
    expect(spec.volumes).toEqual([own]);
    expect(spec.containers[0]?.volumeMounts).toEqual([mount]);
    expect(spec["automountServiceAccountToken"]).toBe(false);
  });

  it("keeps every other mount at its path, in its order", () => {
    const volumeMounts = ["/a", "/b/c", "/dev/shm"].map((mountPath, index) => ({
      name: `v${index}`,
      mountPath,
    }));
    const volumes = volumeMounts.map(({ name }) => ({ name, emptyDir: {} }));
    const { spec } = restored({ volumes, containers: [{ name: "main", volumeMounts }] });
    expect(spec.containers[0]?.volumeMounts).toEqual(volumeMounts);
    expect(spec.volumes).toEqual(volumes);
  });

  it("drops the two default tolerations and keeps those with another time", () => {
    const standard = ["not-ready", "unreachable"].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists" as const,
      effect: "NoExecute",
      tolerationSeconds: 300,
    }));
    const longer = { ...standard[0], tolerationSeconds: 6000 };
    expect(restored({ tolerations: standard }).spec).not.toHaveProperty("tolerations");
    expect(restored({ tolerations: [...standard, longer] }).spec.tolerations).toEqual([longer]);
  });

  it("adds the node to each alternative of an affinity and forgets the old node", () => {
    const ssd = { key: "disk", operator: "In", values: ["ssd"] };
    const old = { key: "kubernetes.io/hostname", operator: "In", values: ["node1"] };
    const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] };
    const { affinity } = restored({
      affinity: {
        podAntiAffinity,
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [ssd, old] }, { matchFields: [old] }],
          },
        },
      },
    }).spec;
    const matchFields = [{ key: "metadata.name", operator: "In", values: ["node2"] }];
    expect(affinity).toEqual({
      podAntiAffinity,
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [ssd], matchFields }, { matchFields }],
        },
      },
    });
  });

  it("drops owners, controllers' labels and what describes the old pod", () => {
    const made = restored(
      {},
      {
        uid: "old",
        ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "u" }],
        labels: {
          app: "web",
          "pod-template-hash": "abc",
          "controller-revision-hash": "x",
          "statefulset.kubernetes.io/pod-name": "web-0",
        },
        annotations: {
          note: "mine",
          "kubectl.kubernetes.io/last-applied-configuration": "{}",
          "k8s.v1.cni.cncf.io/network-status": "[]",
          "clouder.datalayer.io/restore": "an-older-restore",
          "clouder.datalayer.io/last-checkpoint": "id",
        },
      },
    );
    expect(made.metadata).toEqual({
      name: "again",
      namespace: "other",
      labels: { app: "web" },
      annotations: { note: "mine", "clouder.datalayer.io/restore": "uid-1" },
    });
  });

  it("can be checkpointed and restored again without change", () => {
    const once = restored({ nodeName: "node1", runtimeClassName: "clouder" });
    expect(podForRestore(recordTemplate(once), target)).toEqual(once);
  });
});
