import type { Difference } from "./difference.ts";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import type { StepChoice } from "#bootstrap/plans/order";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import type { WantedMachine } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { PlanContext } from "#bootstrap/steps/step";

/** The steps that take differences away, each with the machines on which it has something to do. */
export function stepsFor(
  context: PlanContext,
  differences: readonly Difference[],
  choice: StepChoice = {},
): readonly StepPreview[] {
  const open = differences.filter(({ change }) => change !== "refused");
  if (open.length === 0) return [];
  const wanted = wantedMachines(context.spec);
  const missing = wanted.filter(({ name }) =>
    open.some(({ object }) => object === `machine/${name}`),
  );
  const marksOnly = open.every(onlyMarks);
  return previewPlan(createClusterPlan, context, choice, concerned(wanted, open)).flatMap((one) => {
    if (marksOnly) return one.step === "mark-nodes" ? [one] : [];
    if (one.step !== "machines") return [one];
    // Machines that are there are left as they are.
    if (missing.length === 0) return [];
    return [{ ...one, lines: context.provider.preview(context, missing) }];
  });
}

/** All machines where the cluster itself is not as it should be. */
function concerned(
  wanted: readonly WantedMachine[],
  open: readonly Difference[],
): readonly WantedMachine[] {
  const names = open.map(({ object }) => object.split("/")[1]);
  const whole = open.some(({ object }) => !/^(machine|host|node)\//.test(object));
  return whole ? wanted : wanted.filter(({ name }) => names.includes(name));
}

function onlyMarks({ object, change, fields }: Difference): boolean {
  return (
    object.startsWith("node/") &&
    change === "update" &&
    fields.every(({ field }) => /^(labels|taints)\./.test(field))
  );
}
