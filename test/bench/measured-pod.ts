import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import { measureCall, type CallFigures } from "#test/bench/handler-call";
import { podOf } from "#test/e2e/pods";
import { podLog, type LabCluster } from "#test/lab/lab-cluster";

export interface MeasuredPodOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** Default: the lab's Python image. */
  readonly image?: string;
}

/** A pod of one container on the first node whose program has said `ready`. */
export interface MeasuredPod {
  readonly cluster: LabCluster;
  readonly access: NodeAccess;
  readonly name: string;
  readonly containerID: string;
  /** One dump through the kubelet; armed: with early thaw and diverted pages. */
  call(armed: boolean): Promise<CallFigures>;
}

export const kubelet = "https://127.0.0.1:10250";
export const container = "server";

/** Runs the pod as long as `work` needs it. */
export async function withMeasuredPod<T>(
  cluster: LabCluster,
  options: MeasuredPodOptions,
  work: (pod: MeasuredPod) => Promise<T>,
): Promise<T> {
  const { name, command, image = "docker.io/clouder/python:1" } = options;
  const [node] = cluster.nodes;
  const access = await accessTo(cluster, node);
  await cluster.apply(podOf({ name, node }, { name: container, image, command: [...command] }));
  try {
    await until(async () => (await podLog(cluster, name, container)).includes("ready"));
    const containerID = await containerIDOf(cluster, name);
    const target = { namespace: "default", pod: name, container, containerID };
    const call = async (armed: boolean, tries = 3): Promise<CallFigures> => {
      const token = await agentToken(cluster);
      const figures = await measureCall(access, target, { token, armed, kubelet });
      // The agent clears away, once a minute, what was armed by anybody but itself.
      const cleared = armed && figures.frozenMilliseconds === undefined;
      return cleared && tries > 1 ? call(armed, tries - 1) : figures;
    };
    return await work({ cluster, access, name, containerID, call });
  } finally {
    await cluster.kubectl(["delete", "pod", name, "--force", "--wait"]);
    await access.close();
  }
}

/** A connection to a node of the cluster. */
export async function accessTo(cluster: LabCluster, node: string): Promise<NodeAccess> {
  const driver = await nodeAccessDrivers.ssh.load();
  return driver.connect(node, await cluster.address(node));
}

/** A token of the agent's account, which may ask kubelets for checkpoints. */
export async function agentToken(cluster: LabCluster): Promise<string> {
  const { stdout } = await cluster.kubectl([
    ...["create", "token", "clouder-agent", "-n", "clouder-system"],
  ]);
  return stdout.trim();
}

async function containerIDOf(cluster: LabCluster, pod: string): Promise<string> {
  const path = "jsonpath={.status.containerStatuses[0].containerID}";
  const { stdout } = await cluster.kubectl(["get", "pod", pod, "-o", path]);
  return stdout.replace("containerd://", "");
}

async function until(probe: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 240_000;
  while (!(await probe().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("the program did not become ready");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
