import { wantsGpus } from "#bootstrap/pools/pool-kind";
import type { Provider } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { addons } from "#bootstrap/steps/addons";
import { compareHosts } from "#bootstrap/steps/compare-hosts";
import { cloudController } from "#bootstrap/steps/cloud-controller";
import { cloudNodes } from "#bootstrap/steps/cloud-nodes";
import { connect } from "#bootstrap/steps/connect";
import { containerd } from "#bootstrap/steps/containerd";
import { criu } from "#bootstrap/steps/criu";
import { endpoint } from "#bootstrap/steps/endpoint";
import { gpuDriver } from "#bootstrap/steps/gpu-driver";
import { gpuRuntime } from "#bootstrap/steps/gpu-runtime";
import { hostFacts } from "#bootstrap/steps/facts";
import { flannel } from "#bootstrap/steps/flannel";
import { importImages } from "#bootstrap/steps/import-images";
import { init } from "#bootstrap/steps/init";
import { installPackages } from "#bootstrap/steps/install-packages";
import { join } from "#bootstrap/steps/join";
import { joinControlPlane } from "#bootstrap/steps/join-control-plane";
import { dropToken, joinToken } from "#bootstrap/steps/join-token";
import { kubelet } from "#bootstrap/steps/kubelet";
import { loadBalancer } from "#bootstrap/steps/load-balancer";
import { machines } from "#bootstrap/steps/machines";
import { markNodes } from "#bootstrap/steps/mark-nodes";
import { preflight } from "#bootstrap/steps/preflight";
import { prepareHost } from "#bootstrap/steps/prepare-host";
import { probeKubelet } from "#bootstrap/steps/probe-kubelet";
import { prove } from "#bootstrap/steps/prove";
import { saveKubeconfig } from "#bootstrap/steps/save-kubeconfig";
import { shareAddress } from "#bootstrap/steps/share-address";
import { servingCertificates } from "#bootstrap/steps/serving-certificates";
import type { Step } from "#bootstrap/steps/step";
import { waitReady } from "#bootstrap/steps/wait-ready";

/**
 * From nothing, or from any part of itself, to a cluster whose nodes are ready and proven. Machines
 * that were made for it are prepared one by one as they answer; of the user's own none is changed
 * before all were looked at, so that a wrong list of hosts leaves no trace.
 */
export function createClusterPlan({ provider, spec }: PlannedFor): readonly Step[] {
  const plan = spec.pools.some(wantsGpus) ? withGpus : steps;
  return plan.map((step) =>
    provider.keepsMachines && step === prepareHost ? later(step, compareHosts) : step,
  );
}

/** What decides which steps a create has. */
export interface PlannedFor {
  readonly provider: Pick<Provider, "keepsMachines">;
  readonly spec: Pick<ClusterSpec, "pools">;
}

function later(step: Step, { id }: Step): Step {
  return { ...step, after: [...(step.after ?? []), id] };
}

const steps: readonly Step[] = [
  preflight,
  machines,
  endpoint,
  loadBalancer,
  connect,
  hostFacts,
  prepareHost,
  installPackages,
  containerd,
  criu,
  importImages,
  kubelet,
  prove,
  compareHosts,
  shareAddress,
  init,
  saveKubeconfig,
  flannel,
  cloudController,
  joinToken,
  joinControlPlane,
  join,
  dropToken,
  cloudNodes,
  servingCertificates,
  waitReady,
  probeKubelet,
  markNodes,
  addons,
];

/** A machine may be rebooted for its driver, before anything is set up there. */
const withGpus: readonly Step[] = [
  ...steps.flatMap((step) => {
    if (step === installPackages) return [step, gpuDriver];
    return step.after?.includes(installPackages.id) === true ? [later(step, gpuDriver)] : [step];
  }),
  gpuRuntime,
];
