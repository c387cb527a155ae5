import type { ClusterDetails } from "#bootstrap/cluster-details";
import type { ClusterRecord } from "#bootstrap/cluster-folder";
import type { CreatedCluster } from "#bootstrap/create-cluster";
import type { DeletedCluster } from "#bootstrap/delete-cluster";
import type { StepPreview } from "#bootstrap/plans/preview";
import type { ClusterSummary, ClusterView } from "#bootstrap/show-cluster";
import { table, type Column, type Result } from "#plugin/output/result";
import { age } from "#plugin/output/units";

/** The result of `cluster create`. */
export function createdResult(cluster: CreatedCluster, merged: string | undefined): Result {
  const nodes = cluster.nodes.map(({ name }) => name).join(", ");
  const how =
    merged === undefined
      ? `export KUBECONFIG=${cluster.kubeconfig}`
      : `merged into ${merged}; the current context is ${cluster.context}`;
  const names = [`cluster/${cluster.name}`];
  if (!cluster.complete) {
    const text = `cluster ${cluster.name}: the chosen steps are done; a create without --only-step and --skip-steps completes it`;
    return { object: cluster, names, text };
  }
  return {
    object: cluster,
    names,
    text: `cluster ${cluster.name} ${cluster.changed ? "is ready" : "is ready, nothing had to be changed"}: ${nodes}\n${how}`,
  };
}

/** The result of `cluster import`. */
export function importedResult(record: ClusterRecord): Result {
  const { name, master, workers } = record;
  return {
    object: record,
    names: [`cluster/${name}`],
    text:
      `cluster ${name} is recorded: ${[master, ...workers].join(", ")}\n` +
      `go on with: kubectl clouder kubeadm setup ${name}`,
  };
}

/** The result of `cluster delete`: ends with what is left. */
export function deletedCluster(deleted: DeletedCluster): Result {
  const { name, machines, stays } = deleted;
  const proof =
    machines === "gone"
      ? "a last look found nothing that was made for it"
      : "its machines were handed back";
  return {
    object: deleted,
    names: [`cluster/${name}`],
    text: [`cluster ${name} deleted; ${proof}`, ...stays.map((one) => `stays: ${one}`)].join("\n"),
  };
}

/** What a dry run prints: every step with its commands and calls. */
export function previewResult(steps: readonly StepPreview[]): Result {
  const text = steps.map(({ step, title, scope, lines }) =>
    [`${step} (${scope}): ${title}`, ...lines.map((line) => `    ${line}`)].join("\n"),
  );
  return { object: steps, text: text.join("\n") };
}

const detail =
  (show: (one: ClusterDetails) => string) =>
  (one: ClusterSummary | ClusterDetails): string =>
    "nodes" in one ? show(one) : "";

const yesNo = (truth: boolean) => (truth ? "yes" : "no");

const detailColumns: readonly Column<ClusterSummary | ClusterDetails>[] = [
  { title: "REGION", value: detail(({ region }) => region) },
  { title: "GROUP", value: detail(({ group }) => group) },
  { title: "SETUP", value: detail(({ setup }) => setup) },
  { title: "NODES", value: detail(({ nodes }) => `${String(nodes.ready)}/${String(nodes.all)}`) },
  { title: "STORAGE", value: detail(({ storageReady }) => yesNo(storageReady)) },
  { title: "BALANCERS", value: detail(({ loadBalancerReady }) => yesNo(loadBalancerReady)) },
  { title: "CHECKPOINTS", value: detail(({ checkpointStorage }) => checkpointStorage) },
  { title: "HOST", value: detail(({ publicHostname }) => publicHostname) },
];

/** `cluster list`. */
export function clusterList(
  clusters: readonly (ClusterSummary | ClusterDetails)[],
  now: number,
): Result {
  const details = clusters.some((one) => "nodes" in one);
  return {
    object: clusters,
    names: clusters.map(({ name }) => `cluster/${name}`),
    table: table(
      clusters,
      [
        { title: "NAME", value: ({ name }) => name },
        { title: "PROVIDER", value: ({ provider }) => provider },
        { title: "STATE", value: ({ state }) => state },
        { title: "MACHINES", value: ({ machines }) => `${machines.running}/${machines.wanted}` },
        { title: "VERSION", value: ({ kubernetesVersion }) => kubernetesVersion },
        ...(details ? detailColumns : []),
        { title: "AGE", value: ({ createdAt }) => (createdAt === "" ? "" : age(createdAt, now)) },
      ],
      "No clusters yet: kubectl clouder cluster create NAME",
    ),
  };
}

/** `cluster show`. */
export function clusterShown(cluster: ClusterView): Result {
  return {
    object: cluster,
    names: [`cluster/${cluster.name}`],
    table: table(cluster.nodes, [
      { title: "NODE", value: ({ name }) => name },
      { title: "ROLE", value: ({ role }) => role },
      { title: "POOL", value: ({ pool }) => pool },
      { title: "ADDRESS", value: ({ address }) => address },
      { title: "READY", value: ({ ready }) => (ready ? "yes" : "no") },
      { title: "VERSION", value: ({ version }) => version },
      { title: "CHECKPOINT", value: ({ checkpoint }) => checkpoint },
    ]),
  };
}
