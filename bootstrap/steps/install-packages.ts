import type { PackageUse } from "#bootstrap/packages/packages";
import { hostOf } from "#bootstrap/steps/facts";
import type { Facts, Node, Step } from "#bootstrap/steps/step";

/** Kubernetes, containerd, runc and CRIU, from the cluster's source of packages. */
export const installPackages: Step = {
  id: "install-packages",
  title: "install packages and programs",
  scope: "node",
  needs: ["nodes", "hosts", "endpoint"],
  gives: [],
  after: ["prepare-host"],
  preview: ({ packages, spec }) => packages.previewInstall(spec.kubernetesVersion),
  run: (context, facts, node) => {
    const host = hostOf(facts, node.machine);
    return context.packages.install(context, { node, host, uses: usesOf(facts, node) });
  },
};

function usesOf({ endpoint }: Partial<Facts>, { machine }: Node): ReadonlySet<PackageUse> {
  const shares = endpoint?.virtual === true && machine.role === "control-plane";
  return new Set(shares ? ["load-balancer"] : []);
}
