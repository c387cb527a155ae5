import type { FactName, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Which steps of a plan run. */
export interface StepChoice {
  /** Ids that are passed over, as if done. */
  readonly skip?: readonly string[];
  /** Only this step, and the steps that give it the facts it needs. */
  readonly only?: string;
}

export interface OrderedStep {
  readonly step: Step;
  /** Ids of all steps it stands on directly: its own `after` and the givers of its facts. */
  readonly after: readonly string[];
}

/**
 * Sorts a plan so that each step comes after those it stands on; rejects a plan with a cycle,
 * with a need that nobody gives, or with an unknown id. A wrong plan is a bug of ours.
 */
export function orderSteps(plan: readonly Step[]): readonly OrderedStep[] {
  const byId = new Map(plan.map((step) => [step.id, step]));
  if (byId.size !== plan.length) throw planBug("two steps have the same id");
  const givers = giversOf(plan);
  const ordered: OrderedStep[] = [];
  const state = new Map<string, "visiting" | "done">();
  const visit = (step: Step): void => {
    if (state.get(step.id) === "done") return;
    if (state.get(step.id) === "visiting") throw planBug(`${step.id} waits for itself`);
    state.set(step.id, "visiting");
    const after = foundations(step, givers);
    for (const id of after) {
      const one = byId.get(id);
      if (!one) throw planBug(`${step.id} comes after ${id}, which is not in the plan`);
      visit(one);
    }
    state.set(step.id, "done");
    ordered.push({ step, after });
  };
  plan.forEach(visit);
  return ordered;
}

/** Ids of the steps that run under a choice; `usage` names unknown ids and missing facts. */
export function chooseSteps(plan: readonly Step[], choice: StepChoice): ReadonlySet<string> {
  const ids = new Set(plan.map(({ id }) => id));
  for (const id of [...(choice.skip ?? []), ...(choice.only === undefined ? [] : [choice.only])]) {
    if (!ids.has(id)) {
      throw new ClouderError("usage", `there is no step "${id}"`, {
        hint: `the steps are: ${[...ids].join(", ")}`,
      });
    }
  }
  const chosen = choice.only === undefined ? ids : withGivers(plan, choice.only, giversOf(plan));
  const rest = new Set([...chosen].filter((id) => !choice.skip?.includes(id)));
  refuseMissingFacts(plan, rest);
  return rest;
}

function giversOf(plan: readonly Step[]): ReadonlyMap<FactName, string> {
  return new Map(plan.flatMap((step) => step.gives.map((fact) => [fact, step.id] as const)));
}

function foundations(step: Step, givers: ReadonlyMap<FactName, string>): readonly string[] {
  if (step.scope === "node" && !step.needs.includes("nodes")) {
    throw planBug(`${step.id} runs on nodes and does not need them`);
  }
  if (step.scope === "machine" && !step.needs.includes("machines")) {
    throw planBug(`${step.id} is for machines and does not need them`);
  }
  const fromFacts = step.needs.map((fact) => {
    const giver = givers.get(fact);
    if (giver === undefined) throw planBug(`${step.id} needs ${fact}, which no step gives`);
    return giver;
  });
  return [...new Set([...fromFacts, ...(step.after ?? []), ...(step.everywhere ?? [])])];
}

function withGivers(
  plan: readonly Step[],
  only: string,
  givers: ReadonlyMap<FactName, string>,
): ReadonlySet<string> {
  const chosen = new Set<string>();
  const add = (id: string): void => {
    if (chosen.has(id)) return;
    chosen.add(id);
    for (const fact of plan.find((step) => step.id === id)?.needs ?? []) {
      const giver = givers.get(fact);
      if (giver !== undefined) add(giver);
    }
  };
  add(only);
  return chosen;
}

function refuseMissingFacts(plan: readonly Step[], chosen: ReadonlySet<string>): void {
  const given = new Set(plan.filter(({ id }) => chosen.has(id)).flatMap(({ gives }) => gives));
  for (const step of plan) {
    const missing = step.needs.find((fact) => !given.has(fact));
    if (chosen.has(step.id) && missing !== undefined) {
      throw new ClouderError("usage", `step "${step.id}" needs what a skipped step finds out`, {
        hint: `do not skip "${giversOf(plan).get(missing) ?? missing}"`,
      });
    }
  }
}

function planBug(message: string): ClouderError {
  return new ClouderError("internal", `wrong plan: ${message}`);
}
