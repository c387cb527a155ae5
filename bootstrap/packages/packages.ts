import type { Chart } from "#bootstrap/addons/addon";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { WantedFile } from "#bootstrap/nodes/ensure-files";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import type { Node, PlanContext, StepOutcome } from "#bootstrap/steps/step";

/** Packages beyond those of every node, by what they are for. */
export type PackageUse = "load-balancer";

/** What drives a machine's GPUs. */
export interface GpuPackages {
  preview(): readonly string[];
  /** `unsupported`, with the cure, for a machine whose GPUs it has no driver for. */
  check(host: HostFacts): void;
  /**
   * Installs what is missing; a driver of somebody else that works stays. Idempotent; skipped means
   * that all is there and works.
   */
  install(context: PlanContext, node: Node, host: HostFacts): Promise<StepOutcome>;
}

/** What one machine is to get. */
export interface WantedPackages {
  readonly node: Node;
  readonly host: HostFacts;
  readonly uses: ReadonlySet<PackageUse>;
}

/** Port: where the machines of a cluster get their software and images. */
export interface Packages {
  /** What a cluster gets that asks for no version; with the leading v. */
  readonly kubernetesVersion: string;
  /** For people: "the bundle /srv/bundle". */
  readonly title: string;
  /** `config` unless a cluster of this version can be made. */
  check(kubernetesVersion: string): void;
  /** `unsupported`, with the cure, for a machine that it has nothing for. */
  checkHost(host: HostFacts): void;
  /** `unreachable`, with the cure, where a machine does not reach what it is to get; changes nothing. */
  checkReach(context: PlanContext, access: NodeAccess, host: HostFacts): Promise<void>;
  /** Files outside of the package database that `install` replaces. */
  readonly programs: readonly string[];
  /** The services' units come in packages; else the steps write them, for programs of /usr/local/bin. */
  readonly bringsUnits: boolean;
  previewInstall(kubernetesVersion: string): readonly string[];
  /** Installs what is missing or of another version; idempotent. */
  install(context: PlanContext, wanted: WantedPackages): Promise<StepOutcome>;
  /** Absent where there is none. */
  readonly gpu?: GpuPackages;
  previewImages(kubernetesVersion: string): readonly string[];
  /** Brings the images of a node's role into containerd; idempotent. */
  bringImages(context: PlanContext, node: Node): Promise<StepOutcome>;
  /** Files by which containerd finds images; an empty list where nothing is pulled from elsewhere. */
  readonly registryFiles: readonly WantedFile[];
  /** Changes whenever containerd's program does, so that it is restarted then. */
  containerdDigest(access: NodeAccess): Promise<string>;
  /** The name that kubeadm of this version expects. */
  pauseImage(access: NodeAccess, kubernetesVersion: string): Promise<string>;
  /** Kubernetes objects of the pod network, written for 10.244.0.0/16. */
  flannelManifest(): Promise<string>;
  /** Where the archive of an add-on's chart is; `not-found` or `config` where it cannot be had. */
  chart(chart: Chart): Promise<ChartSource>;
}

/** A verified file, or what `helm pull` needs to fetch it. */
export type ChartSource =
  | { readonly kind: "file"; readonly file: string }
  | {
      readonly kind: "pull";
      /** For people. */
      readonly from: string;
      readonly arguments: readonly string[];
    };

/** One kind of package source. */
export interface PackageDriver<S extends PackageSource = PackageSource> {
  readonly open: (source: S) => Promise<Packages>;
}
