import { applies } from "#bootstrap/plans/count";
import { chooseSteps, orderSteps, type StepChoice } from "#bootstrap/plans/order";
import type { WantedMachine } from "#bootstrap/providers/provider";
import type { PlanContext, Step } from "#bootstrap/steps/step";

export interface StepPreview {
  readonly step: string;
  readonly title: string;
  readonly scope: "cluster" | "every node" | "control plane" | "workers";
  readonly lines: readonly string[];
  /** Names of the machines on which it has something to do, where that is known. */
  readonly hosts?: readonly string[];
}

/**
 * What a plan would do, in order; changes nothing and contacts nobody. With `machines`, those on
 * which something is to do: steps of other machines are left out.
 */
export function previewPlan(
  plan: readonly Step[],
  context: PlanContext,
  choice: StepChoice = {},
  machines?: readonly WantedMachine[],
): readonly StepPreview[] {
  const chosen = chooseSteps(plan, choice);
  return orderSteps(plan).flatMap(({ step }) => {
    const hosts = machines?.filter((one) => applies(step, one)).map(({ name }) => name);
    if (!chosen.has(step.id) || (step.scope !== "cluster" && hosts?.length === 0)) return [];
    return [
      {
        ...{ step: step.id, title: step.title, scope: scopeOf(step) },
        lines: step.preview(context),
        ...(hosts && step.scope !== "cluster" && { hosts }),
      },
    ];
  });
}

function scopeOf(step: Step): StepPreview["scope"] {
  if (step.scope === "cluster") return "cluster";
  if (step.scope === "machine" || step.on === undefined) return "every node";
  return step.on === "control-plane" ? "control plane" : "workers";
}
