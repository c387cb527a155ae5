import type { Step } from "#bootstrap/steps/step";

/** Images of the node's role, before Kubernetes asks for them; those that are there stay. */
export const importImages: Step = {
  id: "import-images",
  title: "bring images",
  scope: "node",
  needs: ["nodes"],
  gives: [],
  after: ["containerd"],
  preview: ({ packages, spec }) => packages.previewImages(spec.kubernetesVersion),
  run: (context, _facts, node) => context.packages.bringImages(context, node),
};
