import { output } from "#bootstrap/nodes/remote-file";
import type { WantedFile } from "#bootstrap/nodes/ensure-files";
import { installByApt } from "#bootstrap/packages/apt/install";
import { nvidiaByApt } from "#bootstrap/packages/apt/nvidia";
import { refuseUnreached } from "#bootstrap/packages/apt/reach";
import { checkMinor, repositoriesFor, type Origin } from "#bootstrap/packages/apt/repositories";
import { flannelManifest } from "#bootstrap/packages/flannel-manifest";
import { kubeadmImages, pullImages } from "#bootstrap/packages/images/pull";
import type { Packages } from "#bootstrap/packages/packages";
import { upstream } from "#bootstrap/packages/upstream";
import { ClouderError } from "#core/error";

/** Packages from apt repositories and images from registries: the vendors' own, or a mirror's. */
export function fromRepositories(
  title: string,
  origin: Origin,
  registryFiles: readonly WantedFile[],
  chart: Packages["chart"],
): Packages {
  return {
    kubernetesVersion: upstream.kubernetes.version,
    title,
    check: checkMinor,
    checkHost: (host) => {
      // The version plays no part in what a machine's system and kernel allow.
      repositoriesFor(origin, host, upstream.kubernetes.version);
    },
    checkReach: (context, access, host) => refuseUnreached(origin, context, access, host),
    programs: [],
    bringsUnits: true,
    previewInstall: (version) => [
      ...previewRepositories(origin, version),
      "criu: of the distribution where it fits the kernel, else of the CRIU project",
      "apt-mark hold",
    ],
    install: (context, wanted) => installByApt(origin, context, wanted),
    gpu: nvidiaByApt(origin),
    previewImages: (version) => [
      `ctr -n k8s.io images pull: those of kubeadm config images list --kubernetes-version ${version}`,
      `ctr -n k8s.io images pull ${upstream.flannel.image}`,
      `ctr -n k8s.io images pull ${upstream.flannel.plugin}`,
    ],
    bringImages: pullImages,
    registryFiles,
    containerdDigest: (access) => output(access, ["dpkg-query", "-W", "containerd.io"]),
    pauseImage: async (access, version) => {
      const pause = (await kubeadmImages(access, version)).find((name) => name.includes("/pause:"));
      if (pause !== undefined) return pause;
      throw new ClouderError("internal", `kubeadm on ${access.host} names no pause image`);
    },
    flannelManifest: () => Promise.resolve(flannelManifest()),
    chart,
  };
}

function previewRepositories(origin: Origin, version: string): readonly string[] {
  const minor = version.slice(1).split(".").slice(0, 2).join(".");
  return [
    `apt: ${origin.kubernetes.url}/core:/stable:/v${minor}/deb/, signed by ${origin.kubernetes.fingerprint}`,
    `apt: ${origin.containerd.url}/linux, signed by ${origin.containerd.fingerprint}`,
    `apt-get install kubelet kubeadm kubectl (${version}), cri-tools, kubernetes-cni, containerd.io ${origin.containerdVersion}`,
  ];
}
