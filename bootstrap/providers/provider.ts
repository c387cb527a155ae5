import type { CloudFacts } from "#bootstrap/clouds/cloud-facts";
import type { AskSecret } from "#bootstrap/nodes/ask-secret";
import type { NodeAddress } from "#bootstrap/nodes/node-access";
import type { OwnPrices } from "#bootstrap/providers/own-prices";
import type { Reporter } from "#core/report";
import type { ClusterSpec, ProviderSection } from "#bootstrap/spec/cluster-spec";
import type { Field } from "#bootstrap/spec/field";

export type MachineRole = "control-plane" | "worker";

export interface Machine {
  /** `<cluster>-master` (`-master-2`, …) or `<cluster>-node-<n>`; also the Kubernetes node name. */
  readonly name: string;
  readonly role: MachineRole;
  readonly pool: string;
  /** Address the other nodes use. */
  readonly privateAddress: string;
  /** Address the user's machine uses for the API server, when it differs. */
  readonly publicAddress?: string;
  /** What the cloud calls the machine, for its node: "aws:///us-east-1a/i-0123456789abcdef0". */
  readonly providerID?: string;
  /** Names that the cloud's DNS has for it, which its controllers tell its node. */
  readonly cloudNames?: readonly string[];
  readonly reach: NodeAddress;
}

/** A machine of the spec, existing or not. */
export interface WantedMachine {
  readonly name: string;
  readonly role: MachineRole;
  readonly pool: string;
  /** What its pool says about its machines; absent: what the settings say. */
  readonly size?: string;
  readonly spot?: boolean;
}

export interface ProviderContext {
  readonly spec: ClusterSpec;
  /** Folder of this cluster (mode 0700) for keys, known hosts and machine files. */
  readonly folder: string;
  /** Tells this cluster from every other of its name; absent where nothing is looked for or made. */
  readonly uid?: string | undefined;
  /** The caller's environment, for variables that a cloud's own tools read. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly report: Reporter;
  /** Socket of the user's SSH agent; for machines that are reached without a key file. */
  readonly sshAgent?: string | undefined;
  /** For keys with a passphrase and users whose sudo wants a password. */
  readonly askSecret?: AskSecret | undefined;
  readonly signal?: AbortSignal | undefined;
  /** With Azure: a resource group of the user's goes along with the cluster, once it is empty. */
  readonly deleteGroup?: boolean | undefined;
}

/**
 * Port to whatever gives machines. `list` tells the truth from the outside world, never from a
 * state file; `ensure` and `remove` are idempotent and converge after a kill at any point.
 */
export interface Provider {
  /** The table of its settings, for the JSON Schema and the example. */
  readonly settingFields: Field<object>;
  /** What in its settings keeps machines that are there from becoming those wanted now, if anything. */
  cannotBecome(known: ProviderSection, wanted: ProviderSection): string | undefined;
  /** Networks of the machines that settings name, which pods and services must stay out of. */
  machineNetworks(
    section: ProviderSection,
  ): readonly { readonly path: string; readonly cidr: string }[];
  /** Everything that can be known before the first change: rights, tools, quotas, free names. */
  preflight(context: ProviderContext): Promise<void>;
  /** Makes what is missing (network first) and gives all machines; they may be booting still. */
  ensure(context: ProviderContext, wanted: readonly WantedMachine[]): Promise<readonly Machine[]>;
  /** Waits until a machine of `ensure` answers over SSH; absent where nothing was made to wait for. */
  awaitMachine?(context: ProviderContext, machine: Machine): Promise<void>;
  list(context: ProviderContext): Promise<readonly Machine[]>;
  /** Removes the named machines, or with "all" the network too; gives what is left (should be none). */
  remove(
    context: ProviderContext,
    machines: readonly string[] | "all",
  ): Promise<{ readonly left: readonly string[] }>;
  /** Settings this kind of machine needs beyond what the machines say themselves; data only. */
  nodeSettings(context: ProviderContext): Promise<Partial<NodeSettings>>;
  /** Facts for `cluster show`: networks, addresses; no secrets. */
  describe(context: ProviderContext): Promise<Readonly<Record<string, string>>>;
  /**
   * What leads to several API servers: `host:port` of a load balancer that it made (another one
   * `forCallers`, where nodes' is not reached from outside), or an address of the machines' network
   * that nobody has, for the control planes to share.
   */
  apiAddress?(
    context: ProviderContext,
  ): Promise<
    | { readonly loadBalancer: string; readonly forCallers?: string }
    | { readonly virtual: string }
    | undefined
  >;
  /** Waits until the load balancer of `apiAddress` takes connections; absent where it does at once. */
  awaitApiAddress?(context: ProviderContext): Promise<void>;
  /** What the cloud's controllers in the cluster are told; absent where there is no cloud. */
  cloudFacts?(context: ProviderContext): Promise<CloudFacts>;
  /** The machines are the user's own: deleting the cluster resets them and leaves them there. */
  readonly keepsMachines: boolean;
  /** What the machines and their network cost, where that is known; the user's own prices win. */
  cost?(context: ProviderContext, wanted: readonly WantedMachine[], own?: OwnPrices): Cost;
  /** What `ensure` would do for a dry run, one line per command or call. */
  preview(context: ProviderContext, wanted: readonly WantedMachine[]): readonly string[];
}

/** An estimate by list prices of one day and the user's own; nobody is asked. */
export interface Cost {
  /** Day of the table that comes with the program. */
  readonly asOf: string;
  /** Day of the user's own prices, where one of them is used. */
  readonly ownAsOf?: string;
  readonly currency: string;
  readonly perHour: number;
  /** Of 730 hours. */
  readonly perMonth: number;
  readonly parts: readonly {
    readonly what: string;
    readonly count: number;
    readonly perHour: number;
    /** By a price of the user's. */
    readonly own?: true;
  }[];
  /** What no price is known for; not in the sums. */
  readonly unknown: readonly string[];
}

/** What differs between kinds of machines; rendered into kubeadm and containerd files. */
export interface NodeSettings {
  readonly cgroupDriver: "systemd" | "cgroupfs";
  /** Extra KubeletConfiguration fields, merged last. */
  readonly kubelet: Readonly<Record<string, unknown>>;
  /** Extra KubeProxyConfiguration fields, merged last. */
  readonly kubeProxy: Readonly<Record<string, unknown>>;
  /** containerd may not lower oom_score_adj (no CAP_SYS_RESOURCE). */
  readonly restrictOomScoreAdj: boolean;
  /** Kernel modules and sysctls are the host's business: check, do not change. */
  readonly sharedKernel: boolean;
  /** kubeadm preflight errors that are known to be harmless on these machines. */
  readonly ignorePreflightErrors: readonly string[];
}
