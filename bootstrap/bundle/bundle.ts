/**
 * `bundle.json` of an offline bundle: a folder with everything a cluster needs, for machines
 * without a network. Every file's digest is checked before use.
 */
export interface Bundle {
  readonly apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1";
  readonly kind: "Bundle";
  readonly createdAt: string;
  readonly architecture: "amd64" | "arm64";
  readonly versions: {
    /** With the leading v, as kubeadm wants it. */
    readonly kubernetes: string;
    readonly containerd: string;
    readonly runc: string;
    readonly criu: string;
    readonly etcd: string;
    readonly coredns: string;
    readonly flannel: string;
    readonly cniPlugins: string;
    readonly pause: string;
  };
  readonly files: readonly BundleFile[];
}

export type BundleFile = BundleFileBase &
  (
    | {
        /** An executable that goes to `destination` on every node, mode 0755. */
        readonly kind: "binary";
        readonly destination: string;
      }
    | {
        /** A Debian package for nodes of `os` ("debian-13"); installed in one dpkg call. */
        readonly kind: "package";
        readonly os: string;
        readonly package: string;
        readonly version: string;
        /** Present: only for control planes that share a virtual address. */
        readonly use?: "load-balancer";
      }
    | {
        /** A docker-archive or OCI-layout tar with the names it gives when imported. */
        readonly kind: "image";
        readonly names: readonly string[];
        readonly on: "all" | "control-plane";
      }
    | {
        /** A root file system (tar, zstd) for machines of the local provider. */
        readonly kind: "machine-root";
        readonly os: string;
      }
    | {
        /** Kubernetes objects applied by name: "flannel". */
        readonly kind: "manifest";
        readonly name: string;
      }
    | {
        /** The archive of an add-on's Helm chart; its images are `image` files. */
        readonly kind: "chart";
        readonly name: string;
        readonly version: string;
      }
  );

export interface BundleFileBase {
  /** Relative to bundle.json, no `..`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}
