import type { Node, Step } from "#bootstrap/steps/step";
import type { Totals } from "#core/report";

/** Counts what has ended of a plan. */
export interface Count {
  /** Notes that a step has ended, on one machine if it is one for machines; tells how far all is. */
  readonly ended: (step: Step, nodes: readonly Node[] | undefined) => Totals;
}

/** Counts the steps that run. */
export function createCount(steps: readonly Step[]): Count {
  const endedOf = new Map<string, number>();
  let done = 0;
  return {
    ended: (step, nodes) => {
      done += 1;
      const own = (endedOf.get(step.id) ?? 0) + 1;
      endedOf.set(step.id, own);
      const total = nodes && steps.reduce((sum, one) => sum + timesOf(one, nodes), 0);
      return {
        ...(step.scope === "node" && { hosts: { done: own, total: timesOf(step, nodes ?? []) } }),
        steps: { done, ...(total !== undefined && { total }) },
      };
    },
  };
}

function timesOf(step: Step, nodes: readonly Node[]): number {
  return step.scope === "cluster" ? 1 : nodes.filter((node) => applies(step, node)).length;
}

/** True for a machine that a step is for. */
export function applies(step: Extract<Step, { scope: "node" }>, node: Node): boolean {
  if (step.on === undefined) return true;
  return (node.machine.role === "control-plane") === (step.on === "control-plane");
}
