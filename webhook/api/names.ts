import { annotations, apiGroup, labels, systemNamespace } from "#checkpoint/api/names";

/** Names of the webhook that live outside this program; see docs/webhook.md. */

/** MutatingWebhookConfiguration, Deployment, Service and PodDisruptionBudget. */
export const webhookName = "clouder-webhook";
/** The webhook in that configuration, which puts its name before audit annotations. */
export const webhookConfigurationName = `inject.${apiGroup}`;
/** Deployment that makes claims, certificates and the index of Secrets. */
export const injectionControllerName = "clouder-injection-controller";

export const injectionLabels = {
  /** On a namespace: the user whom all its pods belong to. */
  user: labels.user,
  /**
   * On a namespace or pod, "disabled": never injected. On a namespace, "required": its pods with a
   * user are refused when nothing was injected; "enabled": asks for injection where only labelled
   * namespaces are served.
   */
  inject: `${apiGroup}/inject`,
  /** On a claim that the controller made: whose home it is. */
  home: `${apiGroup}/home-of`,
  /** On a namespace: what `{organization}` and `{team}` stand for. */
  organization: `${apiGroup}/organization`,
  team: `${apiGroup}/team`,
} as const;

/** The original tool's labels, which its preset goes by. */
export const runtimeLabels = {
  userUid: "runtime-pools.datalayer.io/user-uid",
  runtimeType: "runtime-pools.datalayer.io/runtime-type",
  podStatus: "runtime-pools.datalayer.io/pod-status",
  poolName: "runtime-pools.datalayer.io/name",
  reservationId: "runtime-pools.datalayer.io/reservation-id",
  /** Folder name of the user's home; absent: the uid. */
  userHandle: "runtime-pools.datalayer.io/user-handle",
} as const;

export const injectionAnnotations = {
  /** On an injected pod: what was injected, names only, one `policy/item` each, comma-separated. */
  injected: `${apiGroup}/injected`,
  /** On an injected pod: the user whose things it got. */
  user: annotations.injectedUser,
  /** On a pod: comma-separated containers that nothing is injected into. */
  skipContainers: `${apiGroup}/skip-containers`,
} as const;

/** Namespaces whose pods are never injected, whatever a policy says. */
export const exemptNamespaces: readonly string[] = [
  "kube-system",
  "kube-public",
  "kube-node-lease",
  systemNamespace,
];

/** Classes of disks that one node at a time can have. */
export const blockStorageClasses: readonly string[] = [
  "gp2",
  "gp3",
  "managed-csi",
  "managed-csi-premium",
  "ceph-block",
];

/** Groups that nobody can be trusted for being in. */
export const overbroadGroups: readonly string[] = [
  "system:authenticated",
  "system:unauthenticated",
  "system:serviceaccounts",
];

/** Kept by the controller, read by the webhook: which Secrets a namespace has, without their values. */
export const secretIndexName = "clouder-secret-index";
/** In the system namespace: the CA with its key (controller only), and the serving certificate. */
export const caSecretName = "clouder-webhook-ca";
export const servingSecretName = "clouder-webhook-tls";

export { injectionUsers } from "#checkpoint/api/names";
