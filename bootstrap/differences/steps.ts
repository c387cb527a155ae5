import type { Difference } from "./difference.ts";
import { loadCreatePlan } from "#bootstrap/plans/load-create-plan";
import type { StepChoice } from "#bootstrap/plans/order";
import { previewPlan, type StepPreview } from "#bootstrap/plans/preview";
import type { WantedMachine } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { PlanContext } from "#bootstrap/steps/step";

/** The steps that take differences away, each with the machines on which it has something to do. */
export async function stepsFor(
  context: PlanContext,
  differences: readonly Difference[],
  choice: StepChoice = {},
): Promise<readonly StepPreview[]> {
  // What stands in the record alone takes no step.
  const open = differences.filter(
    ({ change, object }) => change !== "refused" && !object.startsWith("record/"),
  );
  if (open.length === 0) return [];
  const wanted = wantedMachines(context.spec);
  const working = open.filter((one) => !onlyMarks(one) && !isAddon(one));
  const busy = new Set(concerned(wanted, working).map(({ name }) => name));
  const plan = await loadCreatePlan(context);
  return previewPlan(plan, context, choice, concerned(wanted, open)).flatMap((one) => {
    if (one.step === "mark-nodes") return onlyAddons(open) ? [] : [one];
    if (one.step === "addons") return open.some(isAddon) ? [one] : [];
    if (one.hosts) {
      const hosts = one.hosts.filter((name) => busy.has(name));
      return hosts.length === 0 ? [] : [{ ...one, hosts }];
    }
    return working.length === 0 ? [] : clusterStep(context, wanted, working, one);
  });
}

/** Steps by which a cluster begins. */
const beginnings: ReadonlySet<string> = new Set(["init", "kubeconfig", "flannel"]);

function clusterStep(
  context: PlanContext,
  wanted: readonly WantedMachine[],
  open: readonly Difference[],
  one: StepPreview,
): readonly StepPreview[] {
  const has = (object: string) => open.some((difference) => difference.object === object);
  if (one.step === "machines") {
    // Machines that are there are left as they are.
    const missing = wanted.filter(({ name }) => has(`machine/${name}`));
    if (missing.length === 0) return [];
    return [{ ...one, lines: context.provider.preview(context, missing) }];
  }
  const begins = concernsCluster(open) || has(`machine/${wanted[0]?.name ?? ""}`);
  return begins || !beginnings.has(one.step) ? [one] : [];
}

/** All machines where the cluster itself is not as it should be. */
function concerned(
  wanted: readonly WantedMachine[],
  open: readonly Difference[],
): readonly WantedMachine[] {
  const names = open.map(({ object }) => object.split("/")[1]);
  return concernsCluster(open) ? wanted : wanted.filter(({ name }) => names.includes(name));
}

function concernsCluster(open: readonly Difference[]): boolean {
  return open.some(({ object }) => !/^(machine|host|node|addon)\//.test(object));
}

function isAddon({ object }: Difference): boolean {
  return object.startsWith("addon/");
}

function onlyAddons(open: readonly Difference[]): boolean {
  return open.every(isAddon);
}

function onlyMarks({ object, change, fields }: Difference): boolean {
  return (
    object.startsWith("node/") &&
    change === "update" &&
    fields.every(({ field }) => /^(labels|taints)\./.test(field))
  );
}
