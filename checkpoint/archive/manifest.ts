import type { ContainerCheckpointSummary, PodTemplate } from "#checkpoint/api/types";

/** `checkpoint.json`: written last, it is the commit mark. Documented in docs/format.md. */
export interface Manifest {
  readonly format: 1;
  readonly id: string;
  readonly createdAt: string;
  readonly completedAt: string;
  readonly source: {
    /** UID of the kube-system namespace: names the cluster. */
    readonly clusterUID: string;
    readonly namespace: string;
    readonly pod: string;
    readonly podUID: string;
    readonly nodeName: string;
    /** All addresses of the pod: lent to the new pod's loopback during restore. */
    readonly podIPs: readonly string[];
    readonly serviceAccountName?: string;
  };
  readonly template: PodTemplate;
  readonly compatibility: {
    readonly architecture: string;
    readonly kernel: string;
    readonly criuVersion?: string;
    readonly runtimeVersion: string;
    readonly ociRuntimeVersion?: string;
    readonly cgroupVersion: 1 | 2;
    readonly cpuFeatures: readonly string[];
  };
  readonly containers: readonly ContainerRecord[];
}

export interface ContainerRecord extends ContainerCheckpointSummary {
  readonly image: string;
  /** As the runtime reports it: `name@sha256:…` or `sha256:…`. */
  readonly imageID: string;
  /** Key of the frames, relative to the manifest. */
  readonly archive: string;
  /** Key of the index, relative to the manifest. */
  readonly index: string;
  /** SHA-256 (hex) of the raw tar and of the stored object. */
  readonly rawSha256: string;
  readonly storedSha256: string;
  readonly indexSha256: string;
}

/** `<prefix>/<namespace>/<pod>/<id>/`, relative to the store's prefix. */
export function checkpointPrefix(namespace: string, pod: string, id: string): string {
  return `${namespace}/${pod}/${id}/`;
}

export const manifestFile = "checkpoint.json";
