import type { ListedNode, ListedPool } from "#bootstrap/pools/list-nodes";
import type { ChangedPool } from "#bootstrap/pools/node-pools";
import type { UpgradedCluster } from "#bootstrap/upgrade-cluster";
import { table, type Result } from "#plugin/output/result";

/** No program watches a pool's bounds by itself; whoever sets them should know. */
const noAutoscaler =
  "no autoscaler acts on min and max unless nodepool autoscale runs: they bound what is asked for by hand";

/** The result of a command that changed a pool. */
export function poolResult({ pool, nodes }: ChangedPool, what: string): Result {
  const bounded = pool.min !== undefined || pool.max !== undefined;
  const text = `pool ${pool.name} ${what}: ${nodes.join(", ") || "no nodes"}`;
  return {
    object: { ...pool, nodes, autoscaler: false },
    names: [`nodepool/${pool.name}`],
    text: bounded ? `${text}\n${noAutoscaler}` : text,
  };
}

/** `nodepool list`. */
export function poolList(pools: readonly ListedPool[]): Result {
  return {
    object: pools.map((pool) => ({ ...pool, autoscaler: false })),
    names: pools.map(({ name }) => `nodepool/${name}`),
    table: table(
      pools,
      [
        { title: "POOL", value: ({ name }) => name },
        { title: "READY", value: ({ ready, desired }) => `${ready}/${desired}` },
        { title: "MIN", value: ({ min }) => min },
        { title: "MAX", value: ({ max }) => max },
        {
          title: "SIZE",
          wide: true,
          value: ({ size, spot }) => [size, spot === true && "spot"].filter(Boolean).join(", "),
        },
        {
          title: "LABELS",
          wide: true,
          value: ({ labels }) =>
            Object.entries(labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(" "),
        },
        {
          title: "TAINTS",
          wide: true,
          value: ({ taints }) => taints.map(({ key, effect }) => `${key}:${effect}`).join(" "),
        },
      ],
      "No pools yet: kubectl clouder nodepool create CLUSTER POOL",
    ),
  };
}

/** `node list`. */
export function nodeList(nodes: readonly ListedNode[]): Result {
  return {
    object: nodes,
    names: nodes.map(({ name }) => `node/${name}`),
    table: table(nodes, [
      { title: "NODE", value: ({ name }) => name },
      { title: "ROLE", value: ({ role }) => role },
      { title: "POOL", value: ({ pool }) => pool },
      { title: "STATE", value: ({ state }) => state },
      { title: "XPU", value: ({ xpu }) => xpu },
      { title: "VERSION", value: ({ version }) => version },
      { title: "ADDRESS", value: ({ address }) => address },
    ]),
  };
}

/** `cluster upgrade`. */
export function upgradedResult(cluster: string, done: UpgradedCluster): Result {
  const { from, to, nodes, snapshot } = done;
  const text =
    nodes.length === 0
      ? `cluster ${cluster} has ${to}, nothing had to be changed`
      : `cluster ${cluster} went from ${from} to ${to}: ${nodes.join(", ")}\netcd as it was before: ${snapshot?.file ?? ""}`;
  return { object: { cluster, ...done }, names: [`cluster/${cluster}`], text };
}
