import type { Node, Pod } from "#kube/objects";
import type {
  Checkpoint,
  CheckpointStatus,
  CheckpointStore,
  NodeFacts,
  Restore,
  RestoreStatus,
} from "#checkpoint/api/types";
import { apiVersion } from "#checkpoint/api/names";
import { factsName } from "#checkpoint/api/node-facts";

/** Small objects for the controller's tests; all times are near this one. */
export const now = Date.parse("2026-11-21T12:00:00Z");

export const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

export function makePod(over: Partial<Pod["spec"]> = {}, status: Pod["status"] = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "team", uid: "pod-uid" },
    spec: { nodeName: "node-1", containers: [{ name: "app" }], ...over },
    status: {
      phase: "Running",
      containerStatuses: [
        { name: "app", state: { running: {} }, image: "example/app:1", imageID: "sha256:1" },
      ],
      ...status,
    },
  };
}

export function makeNode(name: string, over: Partial<Node["spec"]> = {}): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { zone: "a" } },
    spec: over,
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      allocatable: { cpu: "2", memory: "4Gi", pods: "110" },
    },
  };
}

export function makeFacts(nodeName: string, over: Partial<NodeFacts> = {}): NodeFacts {
  return {
    nodeName,
    architecture: "amd64",
    kernel: "6.18.0",
    criuVersion: "4.2.1",
    runtimeVersion: "containerd://2.4.2",
    cgroupVersion: 1,
    cpuFeatures: ["avx", "sse4_2"],
    handlerReady: true,
    criuConfig: [],
    pagesDivertible: true,
    freeBytes: 50 * 2 ** 30,
    checkpointBytes: 0,
    storeFolders: [],
    agentVersion: "0.1.0",
    observedAt: ago(5),
    problems: [],
    ...over,
  };
}

export function factsMap(facts: NodeFacts) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: factsName(facts.nodeName), namespace: "clouder-system" },
    data: { "facts.json": JSON.stringify(facts) },
  };
}

export function makeCheckpoint(
  status: CheckpointStatus = {},
  over: { spec?: Partial<Checkpoint["spec"]>; metadata?: Partial<Checkpoint["metadata"]> } = {},
): Checkpoint {
  return {
    apiVersion,
    kind: "Checkpoint",
    metadata: {
      name: "c1",
      namespace: "team",
      generation: 1,
      creationTimestamp: ago(10),
      ...over.metadata,
    },
    spec: { podName: "web", ...over.spec },
    status,
  };
}

/** A finished checkpoint of `makePod` on node-1. */
export function finished(over: CheckpointStatus = {}): CheckpointStatus {
  const {
    architecture,
    kernel,
    criuVersion = "",
    runtimeVersion,
    cpuFeatures,
  } = makeFacts("node-1");
  return {
    phase: "Completed",
    nodeName: "node-1",
    storeName: "main",
    rawBytes: 2 ** 30,
    compatibility: {
      architecture,
      kernel,
      criuVersion,
      runtimeVersion,
      cgroupVersion: 1,
      cpuFeatures,
    },
    placement: { requests: { cpu: "500m", memory: "1073741824" }, images: ["example/app:1"] },
    ...over,
  };
}

export function makeRestore(
  status: RestoreStatus = {},
  over: { spec?: Partial<Restore["spec"]>; metadata?: Partial<Restore["metadata"]> } = {},
): Restore {
  return {
    apiVersion,
    kind: "Restore",
    metadata: {
      name: "r1",
      namespace: "team",
      uid: "restore-uid",
      generation: 1,
      creationTimestamp: ago(10),
      ...over.metadata,
    },
    spec: { checkpointName: "c1", podName: "web", ...over.spec },
    status,
  };
}

export function makeStore(
  name: string,
  over: Partial<CheckpointStore["spec"]> = {},
): CheckpointStore {
  return {
    apiVersion,
    kind: "CheckpointStore",
    metadata: { name },
    spec: { url: "s3://bucket/prefix", ...over },
  };
}
