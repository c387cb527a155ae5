import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { KubeObject } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { apiVersion, finalizers } from "#checkpoint/api/names";
import {
  checkpoints,
  restores,
  type Checkpoint,
  type CheckpointStatus,
  type NodeFacts,
  type Restore,
} from "#checkpoint/api/types";
import { runAgent } from "#checkpoint/agent/run-agent";
import { httpsKubelet } from "#checkpoint/engine/kubelet-https";
import { createFakeKube } from "#test/fakes/kube";
import { startFakeKubelet } from "#test/fakes/kubelet";
import { createMemoryStore } from "#test/fakes/store";

export const nodeName = "node1";
const namespace = "default";

/** An agent with a kubelet over HTTPS, an API server and a store in memory, and folders of its own. */
export async function makeWorld() {
  const root = await mkdtemp(join(tmpdir(), "clouder-agent-"));
  const folder = (name: string) => join(root, name);
  for (const name of ["spool", "calls", "restores", "cgroup"]) await mkdir(folder(name));
  const kubelet = await startFakeKubelet(root);
  const store = createMemoryStore();
  const kube = createFakeKube([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system", uid: "cluster-1" } },
    {
      apiVersion,
      kind: "CheckpointStore",
      metadata: { name: "main" },
      spec: { url: "s3://bucket/prefix", credentialsSecretName: "keys" },
    } as KubeObject,
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys", namespace: "clouder-system" },
      data: { secretAccessKey: Buffer.from("very-secret-value").toString("base64") },
    } as KubeObject,
  ]);
  const lines: string[] = [];
  const factsOf = (): NodeFacts => ({ ...facts, observedAt: new Date().toISOString() });

  const world = {
    root,
    folder,
    kubelet,
    kube,
    store,
    lines,
    facts: factsOf,
    /** Starts an agent; `stop` ends it as SIGTERM does. */
    start: (settings: { readonly storePatienceMs?: number } = {}) => {
      const stopping = new AbortController();
      const end = runAgent({
        kube,
        kubelet: httpsKubelet({
          host: kubelet.host,
          port: kubelet.port,
          tokenFile: kubelet.tokenFile,
          servingCertificateFile: kubelet.certificateFile,
        }),
        clock: systemClock,
        log: (level, message, fields) => lines.push(JSON.stringify({ level, message, ...fields })),
        nodeName,
        systemNamespace: "clouder-system",
        openStore: () => Promise.resolve(store),
        facts: () => Promise.resolve(world.facts()),
        folders: {
          archives: { onNode: kubelet.archives, here: kubelet.archives },
          spool: folder("spool"),
          calls: folder("calls"),
          restores: folder("restores"),
          cgroups: folder("cgroup"),
        },
        stopping: stopping.signal,
        ...settings,
      });
      return {
        stop: async () => {
          stopping.abort(new ClouderError("cancelled", "stopped"));
          await end;
        },
      };
    },
    /** Stores a running pod and gives its containers memory in the kubelet. */
    addPod: (name: string, containers: readonly string[], spec: Partial<Pod["spec"]> = {}) => {
      const memory = new Map<string, Buffer>();
      const statuses = containers.map((container, index) => {
        const id = `${name}${container}`.padEnd(64, "0");
        memory.set(container, Buffer.alloc(3_000_000 + 4096 * index, `${name}${container}`));
        kubelet.containers.set(`${namespace}/${name}/${container}`, {
          id,
          memory: memory.get(container) ?? Buffer.alloc(0),
        });
        return {
          name: container,
          containerID: `containerd://${id}`,
          imageID: `sha256:${"12".repeat(32)}`,
          state: { running: {} },
        };
      });
      const pod: Pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, uid: `uid-${name}`, labels: { app: name } },
        spec: {
          nodeName,
          containers: containers.map((container) => ({ name: container, image: "busybox:1" })),
          ...spec,
        },
        status: {
          phase: "Running",
          podIPs: [{ ip: "10.244.1.7" }],
          containerStatuses: statuses,
        },
      };
      kube.seed(pod);
      return { pod, memory };
    },
    addCheckpoint: (name: string, podName: string, status: CheckpointStatus = {}) => {
      const checkpoint: Checkpoint = {
        apiVersion,
        kind: "Checkpoint",
        metadata: { name, namespace, uid: `uid-${name}`, finalizers: [finalizers.storedData] },
        spec: { podName },
        status: {
          phase: "Scheduled",
          nodeName,
          storeName: "main",
          podUID: `uid-${podName}`,
          ...status,
        },
      };
      kube.seed(checkpoint);
      return checkpoint;
    },
    addRestore: (name: string, checkpointName: string, rest: Partial<Restore["metadata"]> = {}) => {
      const restore: Restore = {
        apiVersion,
        kind: "Restore",
        metadata: { name, namespace, uid: restoreUID, ...rest },
        spec: { checkpointName, podName: "again", checkpointNamespace: namespace },
        status: { phase: "Scheduled", nodeName },
      };
      kube.seed(restore);
      return restore;
    },
    checkpoint: (name: string) => kube.peek(checkpoints, { name, namespace }),
    restore: (name: string, inNamespace = namespace) =>
      kube.peek(restores, { name, namespace: inNamespace }),
    /** What is left of dumps on the node. */
    leftovers: async () => {
      const names = await Promise.all(
        [kubelet.archives, folder("spool"), folder("calls")].map((one) =>
          readdir(one).catch(() => []),
        ),
      );
      return names.flat();
    },
    writeState: (container: string, state: object) =>
      writeFile(
        join(folder("restores"), restoreUID, "containers", container, "state.json"),
        JSON.stringify({ pid: 1, containerID: `${container}-id`, ...state }),
      ),
    close: async () => {
      await kubelet[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
  return world;
}

export type World = Awaited<ReturnType<typeof makeWorld>>;

export const restoreUID = "0f0e0d0c-0b0a-4908-8706-050403020100";

/** Polls until `probe` gives something true. */
export async function until<T>(what: string, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const value = await probe();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not happen`);
}

const facts: NodeFacts = {
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
  freeBytes: 1e12,
  checkpointBytes: 0,
  storeFolders: [],
  agentVersion: "0.1.0",
  observedAt: "",
  problems: [],
};
