/**
 * What online clusters are made of: the one place of hosts, versions and keys. Keys are fetched
 * where they are published and refused unless they are the pinned ones: vendors prolong their keys,
 * so that a copy of ours would expire.
 */
export const upstream = {
  kubernetes: {
    url: "https://pkgs.k8s.io",
    /** "isv:kubernetes OBS Project". */
    fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436",
    /** What a cluster gets that asks for no version. */
    version: "v1.36.3",
    /** Minors that these packages, files and the pod network fit. */
    minors: { oldest: 34, newest: 37 },
  },
  containerd: {
    url: "https://download.docker.com",
    /** "Docker Release (CE deb)". */
    fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
    /** The line with long support. */
    series: "2.3",
  },
  criu: {
    url: "https://download.opensuse.org/repositories/devel:/tools:/criu",
    /** "devel:tools OBS Project", as CRIU's tracker has it (issue 2342). */
    fingerprint: "428E4E348405CE7900DB99C230A8343A498D5A23",
  },
  nvidia: {
    driver: {
      url: "https://developer.download.nvidia.com/compute/cuda/repos",
      /** "cudatools" and "Kitmaker (Debian 13 Trixie)": one for each system. */
      keys: {
        debian12: { file: "3bf863cc.pub", fingerprint: "EB693B3035CD5710E231E123A4B469963BF863CC" },
        debian13: { file: "8793F200.pub", fingerprint: "02182E60104FCDC26EAE1B8597A5D4CB8793F200" },
      },
    },
    toolkit: {
      url: "https://nvidia.github.io/libnvidia-container",
      /** "NVIDIA CORPORATION (Open Source Projects)". */
      fingerprint: "C95B321B61E88C1809C4F759DDCAE044F796ECB0",
      version: "1.19.1-1",
    },
  },
  flannel: {
    image: "ghcr.io/flannel-io/flannel:v0.28.4",
    plugin: "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1",
  },
  /** Of the newest minor: they serve the older ones, too. */
  cloudControllers: {
    aws: "registry.k8s.io/provider-aws/cloud-controller-manager:v1.36.1",
    azure: "mcr.microsoft.com/oss/v2/kubernetes/azure-cloud-controller-manager:v1.36.5",
    azureNode: "mcr.microsoft.com/oss/v2/kubernetes/azure-cloud-node-manager:v1.36.5",
  },
  /** Registries that a mirror stands in for. */
  registries: [
    ...["registry.k8s.io", "ghcr.io", "docker.io", "quay.io", "mcr.microsoft.com"],
    "public.ecr.aws",
  ],
} as const;
