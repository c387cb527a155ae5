import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp } from "#bootstrap/nodes/stamp";
import { nodeLabels } from "#bootstrap/pools/pool-kind";
import { poolOf } from "#bootstrap/spec/machines";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { Machine } from "#bootstrap/providers/provider";
import { gpuLabels } from "#bootstrap/steps/gpus";
import { proofLabels, type Proof } from "#bootstrap/steps/proof";
import type { PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

const planeTaint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
}

/** Labels and taints: pool, role, the proof's result. */
export const markNodes: Step = {
  id: "mark-nodes",
  title: "label the nodes",
  scope: "node",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  after: ["wait-ready", "prove", "probe-kubelet"],
  preview: ({ spec }) => [
    ...spec.pools.map((pool) => `kubectl label, pool ${pool.name}: ${pairs(nodeLabels(pool))}`),
    `kubectl taint, control plane: ${spec.controlPlane.schedulable ? "schedulable" : "NoSchedule"}`,
  ],
  run: async (context, facts, { access, machine }) => {
    const { spec } = context;
    const plane = controlPlane(facts);
    const node = await nodeCalled(context, plane, machine.name);
    const proof = (await readStamp(access, "proof")) as Partial<Proof>;
    const labelled = await setLabels(plane, machine.name, node, {
      ...labelsOf(spec, machine),
      ...proofLabels(proof),
      ...gpuLabels(context, facts, machine),
    });
    const tainted = await setTaints(plane, machine.name, node, taintsOf(spec, machine));
    return labelled || tainted ? {} : { skipped: "labelled already" };
  },
};

/** The nodes of a run, asked for once: a kubectl for each would keep the control plane busy. */
const lists = new WeakMap<PlanContext, Promise<readonly NodeObject[]>>();

async function nodeCalled(
  context: PlanContext,
  plane: NodeAccess,
  name: string,
): Promise<NodeObject> {
  const list = lists.get(context) ?? listNodes(plane);
  lists.set(context, list);
  const node = (await list).find(({ metadata }) => metadata.name === name);
  if (node) return node;
  throw new ClouderError("not-found", `the cluster has no node ${name} any more`, {
    hint: "run the command again",
  });
}

async function listNodes(plane: NodeAccess): Promise<readonly NodeObject[]> {
  const text = await kubectl(plane, ["get", "nodes", "-o", "json"]);
  return (JSON.parse(text) as { readonly items: readonly NodeObject[] }).items;
}

/** The labels that a node gets besides its proof's. */
export function labelsOf(
  spec: ClusterSpec,
  machine: Pick<Machine, "pool">,
): Readonly<Record<string, string>> {
  const pool = poolOf(spec, machine.pool);
  return pool ? nodeLabels(pool) : { "clouder.datalayer.io/pool": machine.pool };
}

function pairs(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

async function setLabels(
  plane: NodeAccess,
  name: string,
  node: NodeObject,
  wanted: Readonly<Record<string, string>>,
): Promise<boolean> {
  const present = node.metadata.labels ?? {};
  const missing = Object.entries(wanted).filter(([key, value]) => present[key] !== value);
  if (missing.length === 0) return false;
  const words = missing.map(([key, value]) => `${key}=${value}`);
  await kubectl(plane, ["label", "node", name, "--overwrite", ...words]);
  return true;
}

interface WantedTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly absent?: boolean;
}

/** The taints that a node gets, and those that are taken away. */
export function taintsOf(
  spec: ClusterSpec,
  machine: Pick<Machine, "role" | "pool">,
): readonly WantedTaint[] {
  if (machine.role === "control-plane") {
    return [{ ...planeTaint, absent: spec.controlPlane.schedulable }];
  }
  return poolOf(spec, machine.pool)?.taints ?? [];
}

async function setTaints(
  plane: NodeAccess,
  name: string,
  node: NodeObject,
  wanted: readonly WantedTaint[],
): Promise<boolean> {
  const has = (taint: WantedTaint) =>
    node.spec.taints?.some(({ key, effect }) => key === taint.key && effect === taint.effect) ===
    true;
  const words = wanted.flatMap((taint) => {
    const { key, value, effect, absent } = taint;
    if (absent === true) return has(taint) ? [`${key}:${effect}-`] : [];
    return has(taint) ? [] : [`${key}${value === undefined ? "" : `=${value}`}:${effect}`];
  });
  if (words.length === 0) return false;
  await kubectl(plane, ["taint", "node", name, "--overwrite", ...words]);
  return true;
}
