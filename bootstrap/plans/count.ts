import type { WantedMachine } from "#bootstrap/providers/provider";
import type { Step } from "#bootstrap/steps/step";
import type { Totals } from "#core/report";

/** Counts what has ended of a plan. */
export interface Count {
  /** Notes that a step has ended, on one machine if it is one for machines; tells how far all is. */
  readonly ended: (step: Step, machines: readonly WantedMachine[] | undefined) => Totals;
}

/** Counts the steps that run. */
export function createCount(steps: readonly Step[]): Count {
  const endedOf = new Map<string, number>();
  let done = 0;
  return {
    ended: (step, machines) => {
      done += 1;
      const own = (endedOf.get(step.id) ?? 0) + 1;
      endedOf.set(step.id, own);
      const total = machines && steps.reduce((sum, one) => sum + timesOf(one, machines), 0);
      return {
        ...(step.scope !== "cluster" && {
          hosts: { done: own, total: timesOf(step, machines ?? []) },
        }),
        steps: { done, ...(total !== undefined && { total }) },
      };
    },
  };
}

function timesOf(step: Step, machines: readonly WantedMachine[]): number {
  return step.scope === "cluster" ? 1 : machines.filter((one) => applies(step, one)).length;
}

/** True for a machine that a step is for; a step of the cluster is for all. */
export function applies(step: Step, { role }: Pick<WantedMachine, "role">): boolean {
  if (step.scope !== "node" || step.on === undefined) return true;
  return (role === "control-plane") === (step.on === "control-plane");
}
