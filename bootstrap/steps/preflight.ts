import { checkAddonTools } from "#bootstrap/addons/check-tools";
import { gpuWarnings } from "#bootstrap/steps/gpus";
import type { Step } from "#bootstrap/steps/step";

/**
 * What the provider can know before the first change; spec and packages were checked when they were
 * read. The intent is kept after it: a create that is refused here leaves no record.
 */
export const preflight: Step = {
  id: "preflight",
  title: "check this machine and the packages",
  scope: "cluster",
  needs: [],
  gives: ["intent"],
  preview: ({ spec, packages }) => [
    `check that the ${spec.provider.name} provider can work here`,
    `look for Kubernetes ${spec.kubernetesVersion} in ${packages.title}`,
  ],
  run: async (context) => {
    await context.provider.preflight(context);
    await checkAddonTools(context);
    for (const message of gpuWarnings(context)) {
      context.report({ type: "note", level: "warn", message });
    }
    await context.keepIntent?.();
    return { facts: { intent: true } };
  },
};
