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
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { loadDriver } from "#core/registry";
import type { Kube, KubeObject } from "#kube/kube";

/** Machines and API server as they are now, not as the record says. */
export type ClusterState = "ready" | "incomplete" | "degraded" | "stopped";

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
  /** What the provider tells: bridge, subnet, gateway. */
  readonly [fact: string]: unknown;
}

export interface NodeView {
  readonly name: string;
  readonly role: string;
  readonly pool: string;
  readonly address: string;
  readonly ready: boolean;
  readonly checkpoint: string;
}

/** All clusters of the user, each with its state. */
export async function listClusters(
  home: string,
  around: Surroundings,
): Promise<readonly ClusterSummary[]> {
  const names = await clusterNames(home);
  return await Promise.all(names.map(async (name) => summaryOf(home, name, around)));
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
  return {
    ...(await provider.describe(context)),
    ...summary,
    kubeconfig: path,
    context: name,
    nodes: wantedMachines(record.spec).map(({ name: machine, role, pool }) => {
      const node = seen.find(({ metadata }) => metadata.name === machine);
      return {
        name: machine,
        role,
        pool,
        address: running.find((one) => one.name === machine)?.privateAddress ?? "",
        ready: isReady(node),
        checkpoint: node?.metadata.labels?.["clouder.datalayer.io/checkpoint"] ?? "unproven",
      };
    }),
  };
}

interface NodeObject extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

function isReady(node: NodeObject | undefined): boolean {
  return (
    node?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
    true
  );
}

async function nodesOf(
  path: string,
  connect: (kubeconfig: string) => Promise<Kube>,
): Promise<readonly NodeObject[]> {
  try {
    const kube = await connect(path);
    return await kube.list<NodeObject>({
      ...{ apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false },
    });
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
