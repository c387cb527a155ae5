import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { NodeSettings } from "#bootstrap/providers/provider";
import { ClouderError } from "#core/error";

/** The settings that fit all machines of a cluster; `unsupported` when none does. */
export function nodeSettingsFor(
  hosts: readonly HostFacts[],
  provider: Partial<NodeSettings>,
): NodeSettings {
  const versions = new Set(hosts.map(({ cgroup }) => cgroup));
  if (versions.size > 1) {
    const old = hosts.filter(({ cgroup }) => cgroup === "v1").map(({ name }) => name);
    throw new ClouderError("unsupported", `${old.join(", ")} have cgroup v1, the others v2`, {
      hint: "boot them with systemd.unified_cgroup_hierarchy=1, or leave them out",
    });
  }
  const old = versions.has("v1");
  const shared = provider.sharedKernel ?? hosts.some(({ sharedKernel }) => sharedKernel);
  return {
    cgroupDriver: old ? "cgroupfs" : "systemd",
    restrictOomScoreAdj: hosts.some(({ sysResource }) => !sysResource),
    ignorePreflightErrors: shared ? ["SystemVerification", "Swap"] : [],
    ...provider,
    sharedKernel: shared,
    kubelet: {
      // The kubelet refuses cgroup v1 from 1.35 on unless told.
      ...(old && { failCgroupV1: false }),
      ...(shared && containerKubelet),
      ...provider.kubelet,
    },
    kubeProxy: { ...(shared && { conntrack: hostsConntrack }), ...provider.kubeProxy },
  };
}

/** In a system container kernel settings cannot be written, swap and disks are the host's. */
const containerKubelet = {
  featureGates: { KubeletInUserNamespace: true },
  failSwapOn: false,
  evictionHard: {
    "memory.available": "100Mi",
    "nodefs.available": "1Gi",
    "nodefs.inodesFree": "1%",
    "imagefs.available": "1Gi",
  },
};

const hostsConntrack = {
  maxPerCore: 0,
  min: 0,
  tcpEstablishedTimeout: "0s",
  tcpCloseWaitTimeout: "0s",
};
