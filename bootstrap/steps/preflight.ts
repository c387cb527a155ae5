import type { PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Everything that can be known before the first change. */
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
    checkBundle(context);
    await context.provider.preflight(context);
    return {};
  },
};

function checkBundle({ spec, bundle }: PlanContext): void {
  const { kubernetes } = bundle.bundle.versions;
  if (spec.kubernetesVersion !== kubernetes) {
    throw new ClouderError(
      "config",
      `the bundle holds Kubernetes ${kubernetes}, not ${spec.kubernetesVersion}`,
      { hint: "leave --kubernetes-version out, or give a bundle of that version" },
    );
  }
  for (const destination of ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"]) {
    const path = `/usr/local/bin/${destination}`;
    if (!bundle.bundle.files.some((file) => file.kind === "binary" && file.destination === path)) {
      throw new ClouderError("config", `the bundle ${bundle.folder} has no ${destination}`);
    }
  }
}
