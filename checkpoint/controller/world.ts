import type { Kube } from "#kube/kube";
import type { Node, Pod } from "#kube/objects";
import { configMaps, nodes, pods } from "#kube/resources";
import { annotations, systemNamespace } from "#checkpoint/api/names";
import { parseFacts } from "#checkpoint/api/node-facts";
import {
  type Checkpoint,
  checkpointStores,
  type CheckpointStore,
  type NodeFacts,
  type Restore,
} from "#checkpoint/api/types";
import type { Candidate } from "#checkpoint/controller/node-rules";
import { addAmounts, type Amounts, amountsOf, podRequests } from "#checkpoint/controller/placement";

/** The rest of the cluster as one pass sees it: each part is read once, and only when asked for. */
export interface World {
  stores(): Promise<readonly CheckpointStore[]>;
  nodes(): Promise<ReadonlyMap<string, Node>>;
  facts(): Promise<ReadonlyMap<string, NodeFacts>>;
  pods(): Promise<readonly Pod[]>;
}

export function readWorld(kube: Kube): World {
  return {
    stores: once(() => kube.list(checkpointStores)),
    nodes: once(async () => byName(await kube.list(nodes))),
    facts: once(async () => {
      const maps = await kube.list(configMaps, { namespace: systemNamespace });
      const facts = maps.map(parseFacts).filter((one) => one !== undefined);
      return new Map(facts.map((one) => [one.nodeName, one]));
    }),
    pods: once(() =>
      kube.list(pods, { fieldSelector: "status.phase!=Succeeded,status.phase!=Failed" }),
    ),
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => (value ??= read());
}

function byName<T extends { readonly metadata: { readonly name: string } }>(
  objects: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

/**
 * All nodes with what is used there. A Restore whose pod is still to come counts too, so that two of
 * them are not promised the same room.
 */
export async function candidates(
  world: World,
  restores: Iterable<Restore>,
  checkpointOf: (restore: Restore) => Checkpoint | undefined,
): Promise<readonly Candidate[]> {
  const [allNodes, facts, allPods] = await Promise.all([
    world.nodes(),
    world.facts(),
    world.pods(),
  ]);
  const placed = allPods.filter((pod) => pod.spec.nodeName);
  const used = sumByNode([
    ...placed.map((pod) => ({ nodeName: pod.spec.nodeName, amounts: podRequests(pod.spec) })),
    ...promises(restores, placed).map((restore) => ({
      nodeName: restore.status?.nodeName,
      amounts: amountsOf(checkpointOf(restore)?.status?.placement?.requests),
    })),
  ]);
  return [...allNodes.values()].map((node) => ({
    node,
    facts: facts.get(node.metadata.name),
    used: used.get(node.metadata.name)?.amounts ?? {},
    podCount: used.get(node.metadata.name)?.count ?? 0,
  }));
}

/** Restores that have a node but no pod on it yet. */
function promises(restores: Iterable<Restore>, placed: readonly Pod[]): readonly Restore[] {
  const here = new Set(placed.map((pod) => pod.metadata.annotations?.[annotations.restore]));
  return [...restores].filter((restore) => {
    const phase = restore.status?.phase ?? "Pending";
    const promised = phase === "Scheduled" || phase === "Staging" || phase === "Staged";
    return promised && !here.has(restore.metadata.uid);
  });
}

interface Use {
  readonly nodeName: string | undefined;
  readonly amounts: Amounts;
}

function sumByNode(uses: readonly Use[]) {
  const sums = new Map<string, { readonly amounts: Amounts; readonly count: number }>();
  for (const { nodeName, amounts } of uses) {
    if (nodeName === undefined) continue;
    const before = sums.get(nodeName) ?? { amounts: {}, count: 0 };
    sums.set(nodeName, { amounts: addAmounts(before.amounts, amounts), count: before.count + 1 });
  }
  return sums;
}
