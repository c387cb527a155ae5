import type { Step } from "#bootstrap/steps/step";

/** What the provider can know before the first change; spec and bundle were checked when they were read. */
export const preflight: Step = {
  id: "preflight",
  title: "check this machine and the bundle",
  scope: "cluster",
  needs: [],
  gives: [],
  preview: ({ spec, bundle }) => [
    `check that the ${spec.provider.name} provider can work here`,
    `check that ${bundle.folder} holds Kubernetes ${spec.kubernetesVersion}`,
  ],
  run: async (context) => {
    await context.provider.preflight(context);
    return {};
  },
};
