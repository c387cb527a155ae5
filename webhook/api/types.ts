import { apiVersion } from "#checkpoint/api/names";
import type { Condition } from "#kube/conditions";
import type { KubeObject, Resource } from "#kube/kube";
import type { Toleration } from "#kube/objects";

/** InjectionPolicy and ClusterInjectionPolicy. Documented for users in docs/webhook.md. */

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    readonly values?: readonly string[];
  }[];
}

/**
 * What happens when the pod already has something else in an item's place. Keep: the pod's own stays,
 * silently. Override: the item's wins. Refuse: the pod is refused. SkipAndWarn: the pod's own stays
 * and its creator is told.
 */
export type ConflictRule = "Keep" | "Override" | "Refuse" | "SkipAndWarn";

/**
 * How differing wishes of several policies meet. Priority: the one of higher precedence wins.
 * PodDefault and PodPreset: any difference refuses the pod (Kubeflow) or leaves it untouched with a
 * warning (PodPreset). An item with a conflict rule of its own stays out of these two.
 */
export type MergeMode = "Priority" | "PodDefault" | "PodPreset";

export interface ContainerChoice {
  /** Names; absent: all. `*` matches any part of a name. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Which kinds; absent: Main, Sidecar and Init. */
  readonly kinds?: readonly ContainerKind[];
}

/** Sidecar: an init container with restartPolicy Always. */
export type ContainerKind = "Main" | "Init" | "Sidecar";

export interface UserIdentity {
  /** Where the user's uid is read. */
  readonly from: "PodLabel" | "Namespace" | "ServiceAccount";
  /**
   * PodLabel: key of the pod's label, default runtime-pools.datalayer.io/user-uid. Namespace: key of
   * the namespace's label, default clouder.datalayer.io/user. ServiceAccount: key of the
   * ServiceAccount's label, default clouder.datalayer.io/user.
   */
  readonly key?: string;
  /** Creators whose PodLabel is believed as it is. */
  readonly trusted?: {
    readonly serviceAccounts?: readonly { readonly namespace: string; readonly name: string }[];
    readonly groups?: readonly string[];
  };
  /**
   * Also believe a creator who may `use` the virtual resource `injectionusers/<uid>` of
   * clouder.datalayer.io in the pod's namespace; default true.
   */
  readonly subjectAccessReview?: boolean;
  /** What becomes of a pod whose claim nobody vouches for; default SkipAndWarn. */
  readonly untrusted?: "Refuse" | "SkipAndWarn";
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

export interface EnvFromSource {
  readonly prefix?: string;
  readonly secretRef?: { readonly name: string; readonly optional?: boolean };
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean };
}

export interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
  readonly mountPropagation?: string;
}

/** A volume and its mounts, whose `name` is filled in. */
export interface VolumeItem {
  readonly volume: Volume;
  readonly mounts: readonly Mount[];
}

export interface Mount {
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

/** References to Secrets of the pod's namespace; values never pass through the webhook. */
export interface SecretItem {
  /** One Secret by name; `{user}` stands for the user's uid. Or `label`. */
  readonly name?: string;
  /** All Secrets whose label of this key equals the user's uid, in the order of their names. */
  readonly label?: string;
  /**
   * EnvFrom: all keys as variables of their names. Env: one secretKeyRef each (named Secrets need
   * `keys`; labelled ones are indexed). Files: a folder at `mountPath`.
   */
  readonly as: "Env" | "EnvFrom" | "Files";
  readonly keys?: readonly {
    readonly key: string;
    /** Variable (Env) or file (Files); default the key. */
    readonly as?: string;
  }[];
  readonly prefix?: string;
  /** Files only. `{user}` and `{handle}` are filled in. */
  readonly mountPath?: string;
  /** Start without the Secret, and take it up later when it is a volume (warm pods); default true. */
  readonly optional?: boolean;
}

/** The user's own storage: a claim made for them, or a folder of a shared one. */
export interface HomeItem {
  readonly claim?: {
    /** Default `home-{user}`. */
    readonly name?: string;
    readonly storageClassName?: string;
    /** Quantity, such as 10Gi. */
    readonly size: string;
    /** Default ReadWriteOnce. */
    readonly accessModes?: readonly string[];
    /** Retain (default): the claim outlives the policy. Delete: it goes with it. */
    readonly deletion?: "Retain" | "Delete";
  };
  readonly shared?: {
    /** An existing claim of the pod's namespace. */
    readonly claimName: string;
    /** Put in front of every mount's subPath, for example `home/users/{user}`. */
    readonly subPath: string;
  };
  readonly mounts: readonly Mount[];
}

/** Defaults of the pod itself; a value the pod has is a conflict, except the default ServiceAccount. */
export interface PodItem {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly runtimeClassName?: string;
  readonly seccompProfile?: { readonly type: string; readonly localhostProfile?: string };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Native sidecars and init containers to be added, whole. */
  readonly initContainers?: readonly Readonly<Record<string, unknown>>[];
  readonly containers?: readonly Readonly<Record<string, unknown>>[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  /** PodDefault only: for containers that have none. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/**
 * One thing to inject; exactly one of env … pod is set. In all its texts `{user}`, `{handle}`,
 * `{namespace}`, `{organization}`, `{team}` and `{slot}` are filled in; see docs/webhook.md.
 */
export interface InjectionItem {
  /** Unique in the policy; appears in warnings, audit annotations and `inject explain`. */
  readonly name: string;
  /** Default: the policy's. */
  readonly conflict?: ConflictRule;
  /** Default: the policy's. */
  readonly containers?: ContainerChoice;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly secret?: SecretItem;
  readonly volume?: VolumeItem;
  /** Mounts of volumes that the pod has already, or that another item brings. */
  readonly mounts?: readonly VolumeMount[];
  readonly home?: HomeItem;
  readonly pod?: PodItem;
}

export type Preset = "Datalayer" | "Checkpointable";

export interface InjectionPolicySpec {
  readonly match?: {
    readonly podSelector?: LabelSelector;
    /** ClusterInjectionPolicy only. */
    readonly namespaceSelector?: LabelSelector;
    /** Values of the label runtime-pools.datalayer.io/runtime-type. */
    readonly runtimeTypes?: readonly string[];
  };
  /** Higher comes first; then the namespaced before the cluster's, then by name. Default 0. */
  readonly priority?: number;
  /** Required when an item names `{user}` or a label of Secrets. */
  readonly user?: UserIdentity;
  /** Default Keep. */
  readonly conflict?: ConflictRule;
  readonly mergeMode?: MergeMode;
  readonly containers?: ContainerChoice;
  /** Ready-made items in front of the policy's own; `presetOptions` switches parts off. */
  readonly preset?: Preset;
  readonly presetOptions?: {
    /** Names of the preset's items that are left out. */
    readonly without?: readonly string[];
  };
  /** Variables that may be set although they are reserved (PATH, LD_*, KUBERNETES_*). */
  readonly allowReserved?: readonly string[];
  readonly inject?: readonly InjectionItem[];
}

export interface InjectionPolicyStatus {
  readonly observedGeneration?: number;
  /** Ready: the policy is valid and in use. */
  readonly conditions?: readonly Condition[];
  /** Claims made for it. */
  readonly claims?: number;
}

export interface InjectionPolicy extends KubeObject {
  /** PodDefault: converted from Kubeflow's, see policy/pod-default; never stored as such. */
  readonly kind: "InjectionPolicy" | "ClusterInjectionPolicy" | "PodDefault";
  readonly spec: InjectionPolicySpec;
  readonly status?: InjectionPolicyStatus;
}

export const injectionPolicies: Resource<InjectionPolicy> = {
  apiVersion,
  kind: "InjectionPolicy",
  plural: "injectionpolicies",
  namespaced: true,
};

export const clusterInjectionPolicies: Resource<InjectionPolicy> = {
  apiVersion,
  kind: "ClusterInjectionPolicy",
  plural: "clusterinjectionpolicies",
  namespaced: false,
};
