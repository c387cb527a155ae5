import { createHash } from "node:crypto";
import { ClouderError } from "#core/error";

/** What tells a cluster's things from all others in a subscription. */
export interface AzureIdentity {
  readonly cluster: string;
  /** Another cluster of the same name, of another home, has another one. */
  readonly uid: string;
}

export type Tags = Readonly<Record<string, string>>;

export const tagKeys = {
  cluster: "clouder-cluster",
  role: "clouder-role",
  uid: "clouder-uid",
  /** Name of the machine that a thing belongs to. */
  machine: "clouder-machine",
  pool: "clouder-pool",
} as const;

/** The identity of a context; `internal` when a job forgot the uid. */
export function identityOf(cluster: string, uid: string | undefined): AzureIdentity {
  if (uid === undefined || uid === "") {
    throw new ClouderError("internal", `the cluster ${cluster} has no uid`);
  }
  return { cluster, uid };
}

/** Tags that everything of a cluster carries from its first moment. */
export function tagsOf({ cluster, uid }: AzureIdentity, role: string, extra: Tags = {}): Tags {
  return {
    [tagKeys.cluster]: cluster,
    [tagKeys.role]: role,
    [tagKeys.uid]: uid,
    ...extra,
  };
}

/** True for a thing with this cluster's tags. */
export function isOurs({ cluster, uid }: AzureIdentity, tags: Tags | undefined): boolean {
  return tags?.[tagKeys.cluster] === cluster && tags[tagKeys.uid] === uid;
}

/** True for what Kubernetes' cloud controllers made for a cluster of this name. */
export function madeByControllers(cluster: string, tags: Tags | undefined): boolean {
  return tags?.["k8s-azure-cluster-name"] === cluster;
}

/** A name in the form of a UUID, the same in every run: role assignments have no other names. */
export function stableUuid({ uid }: AzureIdentity, part: string): string {
  const hash = createHash("sha256").update(`${uid}/${part}`).digest("hex");
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
