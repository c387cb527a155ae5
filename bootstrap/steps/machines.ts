import { wantedMachines } from "#bootstrap/spec/machines";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Machines of the spec, made where they are missing. */
export const machines: Step = {
  id: "machines",
  title: "machines and their network",
  scope: "cluster",
  needs: [],
  gives: ["machines"],
  after: ["preflight"],
  preview: (context) => context.provider.preview(context, wantedMachines(context.spec)),
  run: async (context) => {
    const wanted = wantedMachines(context.spec);
    const present = await context.provider.list(context);
    const surplus = present.filter(({ name }) => !wanted.some((one) => one.name === name));
    if (surplus.length > 0 && !context.provider.keepsMachines) {
      throw new ClouderError(
        "refused",
        `${context.spec.name} already has ${surplus.map(({ name }) => name).join(", ")}, more than the ${wanted.length - 1} workers asked for`,
        { hint: "ask for at least as many workers as there are; create never removes machines" },
      );
    }
    const all = await context.provider.ensure(context, wanted);
    const made = all.filter(({ name }) => !present.some((one) => one.name === name));
    return {
      facts: { machines: all },
      ...(made.length === 0 && { skipped: `all ${all.length} are there` }),
    };
  },
};
