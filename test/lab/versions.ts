/**
 * Every version and package list of the lab. Kubernetes' companions (etcd, CoreDNS, pause) carry the
 * versions that `kubeadm config images list` of this Kubernetes version names.
 */
export const versions = {
  kubernetes: "1.36.3",
  /** Where an upgrade starts: built for the test of upgrades only. */
  olderKubernetes: "1.36.1",
  containerd: "2.4.2",
  /** For proofs that a restore does not depend on the newest containerd. */
  otherContainerd: "2.1.9",
  etcd: "3.6.8",
  etcdImage: "3.6.8-0",
  coredns: "1.14.2",
  pause: "3.10.2",
  flannel: "0.28.4",
  cniPlugins: "1.9.1",
  versitygw: "1.8.0",
  certManager: "1.21.2",
  /** The `go` line of generated modules; an older Go fetches a fitting toolchain by itself. */
  goLanguage: "1.26.0",
} as const;

export const debian = {
  os: "debian-13",
  release: "trixie",
  /** Where criu and runc come from: the first release with a criu that works on current kernels. */
  newerRelease: "forky",
  /** What an ordinary Debian server has: node packages are computed against this. */
  server: [
    "ca-certificates",
    "dbus",
    "iproute2",
    "kmod",
    "mount",
    "openssh-server",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
    "udev",
    "util-linux",
  ],
  /** What a Kubernetes node needs beyond that, from the same release. */
  node: ["conntrack", "ethtool", "iptables", "socat"],
  /** What a node needs from the newer release: criu and, for its library, nft. `criu` must stay in `criuSeries`. */
  checkpoint: ["criu", "nftables", "runc"],
  criuSeries: "4.2",
  /** What control planes need beyond that to share a virtual address. */
  loadBalancer: ["haproxy", "keepalived"],
  /** Comes from the newer release, for there is but one libnl on a machine and criu brings that. */
  loadBalancerLibrary: "libnl-genl-3-200",
  /** Comfort on the machines of the local provider. */
  machine: ["curl", "less", "zstd"],
  images: {
    busybox: ["busybox-static"],
    python: ["python3"],
    network: ["conntrack", "iptables", "kmod", "nftables"],
  },
} as const;

/** Image names as `kubeadm config images list` prints them for a Kubernetes version. */
export function imagesOfKubernetes(version: string) {
  return {
    apiserver: `registry.k8s.io/kube-apiserver:v${version}`,
    controllerManager: `registry.k8s.io/kube-controller-manager:v${version}`,
    scheduler: `registry.k8s.io/kube-scheduler:v${version}`,
    proxy: `registry.k8s.io/kube-proxy:v${version}`,
    etcd: `registry.k8s.io/etcd:${versions.etcdImage}`,
    coredns: `registry.k8s.io/coredns/coredns:v${versions.coredns}`,
    pause: `registry.k8s.io/pause:${versions.pause}`,
  } as const;
}

export const flannelImage = `ghcr.io/flannel-io/flannel:v${versions.flannel}`;

export const testImages = {
  busybox: "docker.io/clouder/busybox:1",
  python: "docker.io/clouder/python:1",
} as const;
