import type { Condition } from "#kube/conditions";
import type { KubeObject, Resource } from "#kube/kube";
import { apiVersion } from "#checkpoint/api/names";
import type { Placement } from "#checkpoint/api/placement";

export type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Placement,
} from "#checkpoint/api/placement";

export interface Progress {
  /** Raw bytes dealt with so far and in total; total is absent while unknown. */
  readonly doneBytes: number;
  readonly totalBytes?: number;
}

/** An error as it is shown to people: code of ClouderError, text, cure, decisive log lines. */
export interface StatusError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly logLines?: readonly string[];
}

export type CheckpointPhase =
  "Pending" | "Scheduled" | "Checkpointing" | "Uploading" | "Completed" | "Failed";

/** One container's outcome, in status and manifest alike. */
export interface ContainerCheckpointSummary {
  readonly name: string;
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** How long the kubelet's call took. */
  readonly callMilliseconds: number;
  /** How long the processes stood still: pause to resume where the shim saw it, else CRIU's figure. */
  readonly frozenMilliseconds?: number;
  /** CRIU's own frozen time out of stats-dump. */
  readonly criuFrozenMilliseconds?: number;
  /** Bytes written on the node for this dump, where known. */
  readonly nodeBytesWritten?: number;
  /** "handler": early thaw and diverted pages; "plain": what the runtime alone does. */
  readonly way: "handler" | "plain";
}

/**
 * metadata.name is the checkpoint id: `<yyyymmdd>t<hhmmss>z-<5 characters>`, sorts by time.
 * The controller sets nodeName (phase Scheduled); from then on that node's agent owns the status.
 */
export interface Checkpoint extends KubeObject {
  readonly kind: "Checkpoint";
  readonly spec: {
    readonly podName: string;
    /** Guards against a namesake; set by the CLI. */
    readonly podUID?: string;
    /** Absent: all containers of the pod. */
    readonly containers?: readonly string[];
    /** Name of a CheckpointStore; absent: the default one. */
    readonly storeName?: string;
  };
  readonly status?: CheckpointStatus;
}

export interface CheckpointStatus {
  readonly phase?: CheckpointPhase;
  readonly observedGeneration?: number;
  readonly nodeName?: string;
  readonly podUID?: string;
  readonly storeName?: string;
  /** What the source node offered, recorded by the controller when it schedules. */
  readonly compatibility?: Compatibility;
  /** What a node must have for the pod to fit there, recorded with it. */
  readonly placement?: Placement;
  /** `s3://bucket/prefix/ns/pod/id/`: where the manifest lies; never credentials. */
  readonly location?: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly progress?: Progress;
  readonly rawBytes?: number;
  readonly storedBytes?: number;
  readonly containers?: readonly ContainerCheckpointSummary[];
  readonly error?: StatusError;
  readonly hints?: readonly string[];
  /** The user whose secrets were injected into the pod; only who may act as them restores it. */
  readonly user?: string;
  /** Names of the Secrets whose values lie in the archives. */
  readonly sensitive?: readonly string[];
  readonly conditions?: readonly Condition[];
}

export type RestorePhase =
  "Pending" | "Scheduled" | "Staging" | "Staged" | "Restoring" | "Completed" | "Failed";

/**
 * The controller chooses nodeName (Scheduled); that node's agent stages (Staged: the pod may be
 * created now), watches the pod, sets Completed or Failed and removes the staged data.
 */
export interface Restore extends KubeObject {
  readonly kind: "Restore";
  readonly spec: {
    readonly checkpointName: string;
    /** Absent: the Restore's own namespace. */
    readonly checkpointNamespace?: string;
    /** Name of the pod that will be created in this namespace. */
    readonly podName: string;
    /** Wanted node; absent: chosen by the controller. */
    readonly nodeName?: string;
    /** Labels that the node must have: hardware, a zone, a pool. */
    readonly nodeSelector?: Readonly<Record<string, string>>;
    /** The checkpoint's user, when it has one: only who may act as them may make this Restore. */
    readonly user?: string;
    /**
     * How long the Restore is kept once it is finished and its pod is gone; absent: a day after
     * success, seven days after a failure.
     */
    readonly ttlSecondsAfterFinished?: number;
  };
  readonly status?: RestoreStatus;
}

export interface RestoreStatus {
  readonly phase?: RestorePhase;
  readonly observedGeneration?: number;
  readonly nodeName?: string;
  readonly podUID?: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly progress?: Progress;
  /** The recorded pod (metadata and spec as at checkpoint time, images by digest), set when staged. */
  readonly podTemplate?: PodTemplate;
  readonly containers?: readonly {
    readonly name: string;
    readonly restoreMilliseconds?: number;
  }[];
  readonly error?: StatusError;
  readonly hints?: readonly string[];
  readonly conditions?: readonly Condition[];
}

/** A pod's metadata and spec as recorded; opaque here, cleaned by `#checkpoint/engine/pod-template`. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Cluster-scoped. */
export interface CheckpointStore extends KubeObject {
  readonly kind: "CheckpointStore";
  readonly spec: {
    /**
     * `s3://bucket/prefix`, `azblob://account/container/prefix`, `az://container/prefix` (the account
     * is in `azblob.account` or the connection string) or `file:///dir`.
     */
    readonly url: string;
    readonly default?: boolean;
    readonly s3?: {
      readonly endpoint?: string;
      readonly region?: string;
      readonly forcePathStyle?: boolean;
      /** KMS key id for SSE-KMS. */
      readonly kmsKeyId?: string;
    };
    readonly azblob?: {
      /** Custom service URL, for example of an emulator. */
      readonly endpoint?: string;
      /** The storage account of an az:// URL. */
      readonly account?: string;
    };
    /**
     * A Secret in the system namespace. s3: `accessKeyId`, `secretAccessKey`, `sessionToken`;
     * azblob: `connectionString`, or `accountKey` or `sasToken`
     * with or without `accountName`. Absent: the SDK's own chain.
     */
    readonly credentialsSecretName?: string;
  };
  readonly status?: {
    /** Ready: an agent (or, for folders, all of them) could write, read and remove there. */
    readonly conditions?: readonly Condition[];
    readonly checkedAt?: string;
    /** The node whose agent looked, or "controller". */
    readonly checkedBy?: string;
  };
}

/** What an agent knows of its node; published as ConfigMap `clouder-node-<node>`, key `facts.json`. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly architecture: string;
  readonly kernel: string;
  readonly criuVersion?: string;
  readonly runtimeVersion: string;
  readonly ociRuntimeVersion?: string;
  readonly cgroupVersion: 1 | 2;
  readonly cpuFeatures: readonly string[];
  /** The shim is in place and containerd's runtime entry names it. */
  readonly handlerReady: boolean;
  readonly criuConfig: readonly string[];
  /** containerd's TMPDIR lies on the file system of the spool. */
  readonly pagesDivertible: boolean;
  readonly freeBytes: number;
  readonly checkpointBytes: number;
  readonly storeFolders: readonly string[];
  readonly agentVersion: string;
  /** RFC 3339; facts older than two minutes are stale. */
  readonly observedAt: string;
  readonly problems: readonly {
    readonly name: string;
    readonly level: "warn" | "fail";
    readonly message: string;
    readonly cure: string;
  }[];
}

/** The part of a node's facts that decides where its checkpoints can go on. */
export type Compatibility = Pick<
  NodeFacts,
  | "architecture"
  | "kernel"
  | "criuVersion"
  | "runtimeVersion"
  | "ociRuntimeVersion"
  | "cgroupVersion"
  | "cpuFeatures"
>;

export const checkpoints: Resource<Checkpoint> = {
  apiVersion,
  kind: "Checkpoint",
  plural: "checkpoints",
  namespaced: true,
};
export const restores: Resource<Restore> = {
  apiVersion,
  kind: "Restore",
  plural: "restores",
  namespaced: true,
};
export const checkpointStores: Resource<CheckpointStore> = {
  apiVersion,
  kind: "CheckpointStore",
  plural: "checkpointstores",
  namespaced: false,
};
