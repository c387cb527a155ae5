import { readFile } from "node:fs/promises";
import { request } from "node:https";
import {
  clusterFolder,
  clusterNames,
  findRecord,
  kubeconfigPath,
  type ClusterRecord,
} from "#bootstrap/cluster-folder";
import type { Surroundings } from "#bootstrap/create-cluster";
import type { Kubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import { providers } from "#bootstrap/providers/registry";
import type { Machine, ProviderContext, WantedMachine } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { isClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import type { Kube } from "#kube/kube";
import { nodes, type Node } from "#kube/resources";

/**
 * Machines and API server as they are now, not as the record says; "unknown" where the machines'
 * cloud does not answer.
 */
export type ClusterState =
  | "ready"
  | "incomplete"
  | "degraded"
  | "stopped"
  | "unknown"
  /** Machines carry its tag, and nothing is recorded here. */
  | "unrecorded";

export interface ClusterSummary {
  readonly name: string;
  readonly provider: string;
  readonly kubernetesVersion: string;
  readonly state: ClusterState;
  /** Machines that answer, and all of the spec. */
  readonly machines: { readonly running: number; readonly wanted: number };
  readonly createdAt: string;
}

export interface ClusterView extends ClusterSummary {
  readonly kubeconfig: string;
  readonly context: string;
  readonly nodes: readonly NodeView[];
  readonly deletionProtection: boolean;
  /** What the provider tells: bridge, subnet, gateway. */
  readonly [fact: string]: unknown;
}

export interface NodeView {
  readonly name: string;
  readonly role: string;
  readonly pool: string;
  readonly address: string;
  readonly ready: boolean;
  /** Of its kubelet; empty where the cluster has no such node. */
  readonly version: string;
  readonly checkpoint: string;
}

/** All clusters of the user, each with its state. */
export async function listClusters(
  home: string,
  around: Surroundings,
): Promise<readonly ClusterSummary[]> {
  const names = await clusterNames(home);
  return await Promise.all(
    names.map((name) =>
      summaryOf(home, name, around).catch((error: unknown) => unseen(home, name, around, error)),
    ),
  );
}

/** One cluster with its nodes. */
export async function showCluster(
  home: string,
  name: string,
  around: Surroundings,
  connect: (kubeconfig: string) => Promise<Kube>,
): Promise<ClusterView> {
  const record = await findRecord(home, name);
  const summary = await summaryOf(home, name, around);
  const context = providerContext(home, record, around);
  const provider = await loadDriver(providers, "provider", record.cloud);
  const path = kubeconfigPath(home, name);
  const running = await provider.list(context);
  const seen = summary.state === "stopped" ? [] : await nodesOf(path, connect);
  const all = wantedMachines(record.spec).map((one) => nodeView(one, running, seen));
  return {
    ...(await provider.describe(context)),
    ...summary,
    // Machines may run and the API server answer while nodes do not.
    ...(summary.state === "ready" && all.some(({ ready }) => !ready) && { state: "degraded" }),
    ...{ kubeconfig: path, context: name, nodes: all },
    deletionProtection: record.spec.deletionProtection ?? false,
  };
}

function nodeView(
  { name, role, pool }: WantedMachine,
  running: readonly Machine[],
  seen: readonly Node[],
): NodeView {
  const node = seen.find(({ metadata }) => metadata.name === name);
  return {
    ...{ name, role, pool },
    address: running.find((one) => one.name === name)?.privateAddress ?? "",
    ready: isReady(node),
    version: node?.status?.nodeInfo?.kubeletVersion ?? "",
    checkpoint: node?.metadata.labels?.["clouder.datalayer.io/checkpoint"] ?? "unproven",
  };
}

function isReady(node: Node | undefined): boolean {
  const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True";
}

async function nodesOf(
  path: string,
  connect: (kubeconfig: string) => Promise<Kube>,
): Promise<readonly Node[]> {
  try {
    return await (await connect(path)).list(nodes);
  } catch {
    // The state says it already: this cluster does not answer.
    return [];
  }
}

async function summaryOf(
  home: string,
  name: string,
  around: Surroundings,
): Promise<ClusterSummary> {
  const record = await findRecord(home, name);
  const provider = await loadDriver(providers, "provider", record.cloud);
  const running = await provider.list(providerContext(home, record, around));
  const wanted = wantedMachines(record.spec).length;
  return {
    name,
    provider: record.cloud,
    kubernetesVersion: record.k8s_version,
    state: await stateOf(home, record, running.length, wanted),
    machines: { running: running.length, wanted },
    createdAt: record.created_at,
  };
}

/** A cluster whose machines cannot be asked for is listed all the same, with the reason told. */
async function unseen(
  home: string,
  name: string,
  { report }: Surroundings,
  error: unknown,
): Promise<ClusterSummary> {
  if (!isClouderError(error)) throw error;
  report({ type: "note", level: "warn", message: `${name}: ${error.message}` });
  // One record that cannot be read does not hide the others.
  const record = await findRecord(home, name).catch(() => undefined);
  return {
    ...{ name, provider: record?.cloud ?? "", kubernetesVersion: record?.k8s_version ?? "" },
    state: "unknown",
    machines: { running: 0, wanted: record ? wantedMachines(record.spec).length : 0 },
    createdAt: record?.created_at ?? "",
  };
}

async function stateOf(
  home: string,
  record: ClusterRecord,
  running: number,
  wanted: number,
): Promise<ClusterState> {
  if (!record.setup_complete) return "incomplete";
  const answers = await apiAnswers(kubeconfigPath(home, record.name));
  if (running === 0 || (!answers && record.cloud === "ssh")) return "stopped";
  return answers && running === wanted ? "ready" : "degraded";
}

/** Asks /readyz, which every client may read; the server must show the cluster's certificate. */
async function apiAnswers(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  const { parse } = await import("yaml");
  const cluster = (parse(text) as Kubeconfig).clusters[0]?.cluster;
  const ca = Buffer.from(String(cluster?.["certificate-authority-data"]), "base64");
  return await new Promise((resolve) => {
    const asked = request(
      `${String(cluster?.["server"])}/readyz`,
      { ca, timeout: 3000, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => {
      resolve(false);
    });
    asked.end();
  });
}

function providerContext(
  home: string,
  record: ClusterRecord,
  around: Surroundings,
): ProviderContext {
  const { spec, uid } = record;
  return { ...around, spec, uid, folder: clusterFolder(home, record.name) };
}
