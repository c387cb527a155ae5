/**
 * The validated, defaulted cluster. The user's document (`kind: Cluster`,
 * `bootstrap.clouder.datalayer.io/v1alpha1`) and the flags are turned into this by `load`.
 */
export interface ClusterSpec {
  readonly name: string;
  readonly provider: ProviderSection;
  /** With the leading v. */
  readonly kubernetesVersion: string;
  readonly network: {
    readonly podCIDR: string;
    readonly serviceCIDR: string;
    readonly dnsDomain: string;
    readonly cni: "flannel";
  };
  readonly controlPlane: {
    /** 1, 3 or 5. */
    readonly count: number;
    /** Ordinary pods may run on control-plane nodes. */
    readonly schedulable: boolean;
    /** Stable `host:port`; absent: made by the provider. */
    readonly endpoint?: string;
    /** A free address of the machines' network that the control planes share. */
    readonly virtualAddress?: string;
  };
  readonly pools: readonly PoolSpec[];
  /** Its cloud's controllers tell nodes their zones and addresses; absent: none. */
  readonly cloudController?: true;
  /** What nodes get on request only; absent: none of it. */
  readonly nodes?: NodeRequests;
  /** Nobody can delete it while this is true; absent: as it is. */
  readonly deletionProtection?: boolean;
  readonly packages: PackageSource;
  /** Names of add-ons; absent: as they are, and those that every cluster gets where none was made yet. */
  readonly addons?: readonly string[];
}

export interface NodeRequests {
  /** `kernel.io_uring_disabled = 2`: no process may make rings, which CRIU could not dump. */
  readonly disableIoUring: boolean;
  /** Says ContainerCheckpoint in the kubelet's settings, where it is on by default since v1.30. */
  readonly checkpointGate: boolean;
}

export interface PoolSpec {
  /** The initial pool is called "workers". */
  readonly name: string;
  readonly count: number;
  /** Size of its machines in a cloud; absent: that of all workers. */
  readonly size?: string;
  /** Its machines may be taken away; absent: as the settings say for all workers. */
  readonly spot?: boolean;
  /** Bounds of every scale; absent: 0 and 150. */
  readonly min?: number;
  readonly max?: number;
  /** Numbers of its nodes (`<cluster>-node-<number>`) once they were given out; they never change. */
  readonly numbers?: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  }[];
  /** NVIDIA's driver is installed where its machines have a GPU; absent: if its labels ask for GPUs. */
  readonly gpuDriver?: boolean;
  /** Nodes of this pool are proven by a real dump and restore; default true. */
  readonly checkpoint: boolean;
}

/** Opaque to everything but its driver, which validates it. */
export interface ProviderSection {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Repositories that may have keys of a mirror's own. */
type SignedSource = "kubernetes" | "containerd" | "criu" | "nvidiaDriver" | "nvidiaToolkit";

/** Where nodes get software. */
export type PackageSource =
  | {
      readonly kind: "bundle";
      /** Folder that holds bundle.json. */
      readonly folder: string;
    }
  | {
      /** The vendors' own repositories and registries. */
      readonly kind: "online";
      readonly containerdVersion?: string;
    }
  | {
      /** Copies of them, in the vendors' layout. */
      readonly kind: "mirror";
      readonly kubernetes: string;
      readonly containerd: string;
      readonly criu?: string;
      /** Of NVIDIA's driver, with debian13/x86_64/… below it. */
      readonly nvidiaDriver?: string;
      /** Of NVIDIA's container toolkit, with stable/deb/… below it. */
      readonly nvidiaToolkit?: string;
      /** `host[:port]`. */
      readonly registry: string;
      /** Folder with the archives of add-ons' charts: `<charts>/<name>-<version>.tgz`. */
      readonly charts?: string;
      /** File of the authority that signed the certificates of all of these. */
      readonly ca?: string;
      /** Keys of a mirror that signs by itself. */
      readonly fingerprints?: Readonly<Partial<Record<SignedSource, string | undefined>>>;
      readonly containerdVersion?: string;
    };
