import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { systemClock } from "#core/clock";
import { waitFor } from "#core/retry";
import { attachLabCluster, podLog, type LabCluster } from "#test/lab/lab-cluster";

/** What the scenarios share: the cluster, waiting, and reading the programs' state. */

export function lab(): LabCluster {
  return attachLabCluster(inject("lab"));
}

/** Polls until `probe` gives a value; failures of the probe count as "not yet". */
export function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  return waitFor(what, { timeoutMs, everyMs: 300, clock: systemClock }, () =>
    probe().catch(() => undefined),
  );
}

/** Applies the pod and waits until it is ready. */
export async function startPod(cluster: LabCluster, pod: object): Promise<void> {
  await cluster.apply(pod);
  const { metadata } = pod as { metadata: { name: string; namespace?: string } };
  const namespace = metadata.namespace ?? "default";
  await cluster.kubectl([
    ...["wait", "-n", namespace, "--for=condition=Ready", `pod/${metadata.name}`],
    "--timeout=90s",
  ]);
}

/** Starts a pod of the stateful server and waits until its heap is filled. */
export async function startProgram(cluster: LabCluster, pod: object): Promise<void> {
  await startPod(cluster, pod);
  const { metadata } = pod as { metadata: { name: string } };
  await eventually("the program is ready", async () =>
    (await podLog(cluster, metadata.name, "server")).includes("ready") ? true : undefined,
  );
}

export async function deletePod(cluster: LabCluster, name: string): Promise<void> {
  await cluster.kubectl(["delete", "pod", name, "--ignore-not-found", "--force", "--wait"]);
}

/** Takes a checkpoint and gives its id. */
export async function checkpoint(
  cluster: LabCluster,
  pod: string,
  flags: readonly string[] = [],
): Promise<string> {
  const { stdout } = await cluster.clouder(["checkpoint", "pod", pod, ...flags, "-o", "name"]);
  return stdout.trim().replace(/^.*\//, "");
}

export interface CheckpointView {
  readonly status: {
    readonly phase: string;
    readonly nodeName: string;
    readonly rawBytes: number;
    readonly storedBytes: number;
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
    readonly hints?: readonly string[];
    readonly containers: readonly {
      readonly name: string;
      readonly way: string;
      readonly callMilliseconds: number;
      readonly frozenMilliseconds: number;
      readonly criuFrozenMilliseconds: number;
    }[];
  };
}

export async function checkpointView(cluster: LabCluster, id: string): Promise<CheckpointView> {
  const { stdout } = await cluster.kubectl(["get", "checkpoint", id, "-o", "json"]);
  return JSON.parse(stdout) as CheckpointView;
}

/** The numbers a counter container has printed. */
export async function counts(
  cluster: LabCluster,
  pod: string,
  container = "c",
): Promise<readonly number[]> {
  return (await podLog(cluster, pod, container))
    .map((line) => Number(/^count (\d+)$/.exec(line)?.[1] ?? Number.NaN))
    .filter((count) => !Number.isNaN(count));
}

export async function nodeOf(cluster: LabCluster, pod: string): Promise<string> {
  const { stdout } = await cluster.kubectl([
    ...["get", "pod", pod, "-o", "jsonpath={.spec.nodeName}"],
  ]);
  return stdout;
}

export interface ProgramState {
  readonly count: number;
  readonly heap: string;
  readonly loopback: string;
  readonly kept: string;
  readonly deleted: string;
  readonly threads: number;
  readonly outside: string;
  readonly outside_connects: number;
}

/** Asks the stateful server about itself, from inside its container. */
export async function programState(
  cluster: LabCluster,
  pod: string,
  path = "/",
): Promise<ProgramState> {
  const ask = `import urllib.request;print(urllib.request.urlopen("http://127.0.0.1:8080${path}").read().decode())`;
  const { stdout } = await cluster.kubectl(["exec", pod, "--", "python3", "-c", ask]);
  return JSON.parse(stdout) as ProgramState;
}

/** A kubeconfig with which a ServiceAccount calls the cluster. */
export async function kubeconfigOf(
  cluster: LabCluster,
  account: string,
  namespace = "default",
): Promise<{ readonly file: string; readonly token: string }> {
  const { stdout } = await cluster.kubectl(["create", "token", account, "-n", namespace]);
  const token = stdout.trim();
  const { stdout: raw } = await cluster.kubectl(["config", "view", "--raw", "-o", "json"]);
  const config = JSON.parse(raw) as { users: { user: object }[] };
  for (const user of config.users) user.user = { token };
  const file = join(cluster.home, `${namespace}-${account}.kubeconfig`);
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return { file, token };
}
