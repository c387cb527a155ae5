import { findRecord, kubeconfigPath } from "#bootstrap/cluster-folder";
import type { ClusterSummary } from "#bootstrap/show-cluster";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import { daemonSets, deployments, nodes, storageClasses, type Node } from "#kube/resources";

/** What the original's record tells of a cluster, looked up in the cluster itself. */
export interface ClusterDetails extends ClusterSummary {
  readonly region: string;
  /** Resource group; empty where there is none. */
  readonly group: string;
  /** A create ended well once. */
  readonly setup: "complete" | "incomplete";
  readonly nodes: { readonly ready: number; readonly all: number };
  /** There is a default StorageClass. */
  readonly storageReady: boolean;
  /** The controller that makes load balancers is available. */
  readonly loadBalancerReady: boolean;
  /** URL of the default CheckpointStore; empty where there is none. */
  readonly checkpointStorage: string;
  /** Where people find the API server. */
  readonly publicHostname: string;
}

interface Store extends KubeObject {
  readonly spec: { readonly url: string; readonly default?: boolean };
}
const stores: Resource<Store> = {
  ...{ apiVersion: "clouder.datalayer.io/v1alpha1", kind: "CheckpointStore" },
  ...{ plural: "checkpointstores", namespaced: false },
};

/** Of the clouds' controllers, any of which makes load balancers. */
const makesBalancers = ({ metadata }: KubeObject) =>
  /^((aws-)?cloud-controller-manager|aws-load-balancer-controller)$/.test(metadata.name);

/** Adds what the cluster says; a cluster that does not answer has no nodes and nothing ready. */
export async function detailsOf(
  home: string,
  summary: ClusterSummary,
  connect: (kubeconfig: string) => Promise<Kube>,
): Promise<ClusterDetails> {
  const record = await findRecord(home, summary.name);
  const kube = await connect(kubeconfigPath(home, summary.name)).catch(() => undefined);
  const list = async <T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> =>
    summary.state === "stopped" || !kube ? [] : await kube.list(resource).catch(() => []);
  const [members, classes, managers, controllers, kept] = await Promise.all([
    list(nodes),
    list(storageClasses),
    list(daemonSets),
    list(deployments),
    list(stores),
  ]);
  return {
    ...summary,
    region: record.region ?? "",
    group: record.resource_group ?? "",
    setup: record.setup_complete ? "complete" : "incomplete",
    nodes: { ready: members.filter(isReady).length, all: members.length },
    storageReady: classes.some(
      ({ metadata }) =>
        metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
    ),
    loadBalancerReady:
      managers.some((one) => makesBalancers(one) && (one.status?.numberReady ?? 0) > 0) ||
      controllers.some((one) => makesBalancers(one) && (one.status?.availableReplicas ?? 0) > 0),
    checkpointStorage: kept.find(({ spec }) => spec.default === true)?.spec.url ?? "",
    publicHostname: URL.parse(kube?.server ?? "")?.hostname ?? "",
  };
}

function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
}
