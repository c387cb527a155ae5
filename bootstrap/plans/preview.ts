import { chooseSteps, orderSteps, type StepChoice } from "#bootstrap/plans/order";
import type { PlanContext, Step } from "#bootstrap/steps/step";

export interface StepPreview {
  readonly step: string;
  readonly title: string;
  readonly scope: "cluster" | "every node" | "control plane" | "workers";
  readonly lines: readonly string[];
}

/** What a plan would do, in order; changes nothing and contacts nobody. */
export function previewPlan(
  plan: readonly Step[],
  context: PlanContext,
  choice: StepChoice = {},
): readonly StepPreview[] {
  const chosen = chooseSteps(plan, choice);
  return orderSteps(plan)
    .filter(({ step }) => chosen.has(step.id))
    .map(({ step }) => ({
      step: step.id,
      title: step.title,
      scope: scopeOf(step),
      lines: step.preview(context),
    }));
}

function scopeOf(step: Step): StepPreview["scope"] {
  if (step.scope === "cluster") return "cluster";
  if (step.on === undefined) return "every node";
  return step.on === "control-plane" ? "control plane" : "workers";
}
