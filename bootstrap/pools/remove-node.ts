import { drainNode, type DrainOptions } from "#bootstrap/pools/drain";
import { leaveEtcd, refuseLostQuorum } from "#bootstrap/pools/leave-etcd";
import { atCluster, keepSpec, type ClusterName, type LifeAround, type Place } from "./place.ts";
import { withoutWorker } from "#bootstrap/pools/members";
import type { WantedMachine } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { poolOf, wantedMachines } from "#bootstrap/spec/machines";
import { connectLogged } from "#bootstrap/steps/connect";
import { resetNode } from "#bootstrap/steps/reset-node";
import { ClouderError, messageOf } from "#core/error";
import { reportStep } from "#core/report";
import { nodes, type Node } from "#kube/resources";

export interface RemoveNodeRequest extends ClusterName {
  readonly node: string;
  readonly drain: DrainOptions;
}

export interface RemovedNode {
  readonly node: string;
  readonly pool: string;
  /** False for a machine of the user's, which was handed back. */
  readonly machineRemoved: boolean;
}

/**
 * Takes a node out: drained first, its etcd member with it, then its machine. The node's pool is
 * one smaller then; a control plane that leaves is wanted back, and the next create joins it anew.
 */
export async function removeNode(
  request: RemoveNodeRequest,
  around: LifeAround,
): Promise<RemovedNode> {
  return await atCluster(request, around, async (place) => {
    const machine = machineCalled(place.spec, request.node);
    if (machine.role === "worker") {
      const pool = poolOf(place.spec, machine.pool);
      refuseBelow(place.spec.name, machine.pool, (pool?.count ?? 1) - 1, pool?.min);
    } else if (place.spec.controlPlane.count === 1) {
      throw new ClouderError("refused", `${machine.name} is the only control plane`, {
        hint: `delete the whole cluster: kubectl clouder cluster delete ${place.spec.name}`,
      });
    }
    await takeOut(place, machine, request.drain);
    return {
      ...{ node: machine.name, pool: machine.pool },
      machineRemoved: !place.context.provider.keepsMachines,
    };
  });
}

function refuseBelow(cluster: string, pool: string, wanted: number, min = 0): void {
  if (wanted >= min) return;
  throw new ClouderError("refused", `pool ${pool} has min ${min}, ${wanted} would be less`, {
    hint: `lower it first: kubectl clouder nodepool update ${cluster} ${pool} --min ${wanted}`,
  });
}

/** Takes one machine out of a cluster and of its record; gives the spec without it. */
export async function takeOut(
  place: Place,
  machine: WantedMachine,
  drain: DrainOptions,
): Promise<ClusterSpec> {
  const { around, context } = place;
  const step = <T>(id: string, title: string, work: () => Promise<T>) =>
    reportStep(around.report, { step: id, title, host: machine.name }, work);
  const plane = machine.role === "control-plane";
  const leaving = plane ? await refuseLostQuorum(place, machine, drain.force) : undefined;
  const node = await nodeCalled(place, machine.name);
  if (node) await step("drain", "evict its pods", () => drainOnce(place, node, drain));
  if (leaving) await step("leave-etcd", "leave etcd", () => leaveEtcd(place, leaving));
  await step("remove-machine", "take the machine out", () => giveUp(place, machine, drain.force));
  await place.kube.remove(nodes, { name: machine.name });
  const spec = plane ? place.spec : withoutWorker(place.spec, machine.name);
  await keepSpec(place, spec);
  context.report({ type: "note", level: "debug", message: `${machine.name} is out` });
  return spec;
}

function machineCalled(spec: ClusterSpec, name: string): WantedMachine {
  const all = wantedMachines(spec);
  const found = all.find((one) => one.name === name);
  if (found) return found;
  throw new ClouderError("not-found", `${spec.name} has no node ${name}`, {
    hint: `its nodes are: ${all.map((one) => one.name).join(", ")}`,
  });
}

async function nodeCalled({ kube }: Place, name: string): Promise<Node | undefined> {
  return (await kube.list(nodes)).find(({ metadata }) => metadata.name === name);
}

/** A good drain is written down, for a run that is killed before the machine is gone. */
const drained = "clouder.datalayer.io/drained";

async function drainOnce(
  { kube, around }: Place,
  { metadata: { name, annotations }, status }: Node,
  options: DrainOptions,
): Promise<void> {
  if (annotations?.[drained] !== undefined) return;
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  // Nobody is there who could end its pods; they are forgotten with the node.
  if (!ready && options.force) return;
  if (!ready) {
    throw new ClouderError("refused", `${name} is not ready: its pods cannot be ended`, {
      hint: "bring it back, or give it up with --force: what its pods hold is lost",
    });
  }
  await drainNode(kube, name, options, around);
  const time = new Date(around.clock.now()).toISOString();
  await kube.patch(nodes, { name }, { metadata: { annotations: { [drained]: time } } });
}

/** Machines of ours go; those of the user's are left as they were found. */
async function giveUp(place: Place, machine: WantedMachine, force: boolean): Promise<void> {
  const { context } = place;
  if (!context.provider.keepsMachines) {
    const { left } = await context.provider.remove(context, [machine.name]);
    if (left.length === 0) return;
    throw new ClouderError("conflict", `not everything could be removed: ${left.join(", ")}`, {
      hint: "run the command again",
      details: { left },
    });
  }
  const machines = (await context.provider.list(context)).filter(
    (one) => one.name === machine.name,
  );
  try {
    const [node] = await connectLogged(context, machines);
    if (!node || resetNode.scope !== "node") return;
    try {
      await resetNode.run(context, {}, node);
    } finally {
      await node.access.close();
    }
  } catch (error) {
    if (!force) throw error;
    const message = `${machine.name} was not cleaned: ${messageOf(error)}`;
    context.report({ type: "note", level: "warn", message });
  }
}
