/** Every name that lives outside this program: API group, labels, annotations, folders on nodes. */

export const apiGroup = "clouder.datalayer.io";
export const apiVersion = `${apiGroup}/v1alpha1`;
export const systemNamespace = "clouder-system";
/** RuntimeClass and containerd runtime handler. */
export const runtimeClassName = "clouder";
export const fieldManager = "kubectl-clouder";

export const labels = {
  /** Set to "true" by users on pods that should be checkpointable the fast way. */
  checkpoint: `${apiGroup}/checkpoint`,
  pod: `${apiGroup}/pod`,
  /** On a namespace: the user whom all its pods belong to. */
  user: `${apiGroup}/user`,
} as const;

export const annotations = {
  /** On a pod to be restored: UID of its Restore. Never a path. */
  restore: `${apiGroup}/restore`,
  lastCheckpoint: `${apiGroup}/last-checkpoint`,
  /** On a pod the webhook has injected into: the user whose secrets and home it got. */
  injectedUser: `${apiGroup}/injected-user`,
  lastCheckpointTime: `${apiGroup}/last-checkpoint-time`,
  /** On a node that is about to go: interruption or rebalance, and when. */
  preemption: `${apiGroup}/preemption`,
  preemptionDeadline: `${apiGroup}/preemption-deadline`,
  /** On a Checkpoint: comma-separated namespaces that may restore it, set by its owner. */
  restoreFrom: `${apiGroup}/allow-restore-in`,
} as const;

export const taints = {
  /** On a node whose machine the cloud is about to take away. */
  preemption: `${apiGroup}/preemption`,
} as const;

/** Virtual resource of SubjectAccessReviews: verb `use` on injectionusers/<uid>. */
export const injectionUsers = "injectionusers";

export const finalizers = { storedData: `${apiGroup}/stored-data` } as const;

/** Folders and files on nodes; see docs/node-protocol.md for who writes what. */
export const nodePaths = {
  kubeletCheckpoints: "/var/lib/kubelet/checkpoints",
  state: "/var/lib/clouder",
  spool: "/var/lib/clouder/spool",
  restores: "/var/lib/clouder/restores",
  /** containerd's TMPDIR: on the file system of the spool, so that pages move by rename. */
  containerdTmp: "/var/lib/clouder/tmp",
  defaultStore: "/var/lib/clouder/store",
  install: "/opt/clouder",
  shim: "/opt/clouder/bin/clouder-runc",
  node: "/opt/clouder/bin/node",
  restoreHelper: "/opt/clouder/lib/restore-helper.mjs",
  /** Markers of the shim; on a tmpfs, gone after a reboot as the containers are. */
  markers: "/run/clouder",
} as const;
