import { wantedMachines } from "#bootstrap/spec/machines";
import type { Step } from "#bootstrap/steps/step";

/** Machines of the spec, made where they are missing. */
export const machines: Step = {
  id: "machines",
  title: "machines and their network",
  scope: "cluster",
  needs: ["intent"],
  gives: ["machines"],
  preview: (context) => context.provider.preview(context, wantedMachines(context.spec)),
  run: async (context) => {
    const wanted = wantedMachines(context.spec);
    const present = await context.provider.list(context);
    const all = await context.provider.ensure(context, wanted);
    const made = all.filter(({ name }) => !present.some((one) => one.name === name));
    return {
      facts: { machines: all },
      ...(made.length === 0 && { skipped: `all ${all.length} are there` }),
    };
  },
};
