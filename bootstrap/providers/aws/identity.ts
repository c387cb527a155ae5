import { createHash } from "node:crypto";
import type { Filter, ResourceType, Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { ClouderError } from "#core/error";

/** What tells a cluster's things from all others in an account. */
export interface AwsIdentity {
  readonly cluster: string;
  /** Another cluster of the same name, of another home, has another one. */
  readonly uid: string;
}

/** One thing of a cluster: `part` is unique in it and the same in every run. */
export interface Part {
  readonly part: string;
  readonly role: string;
  readonly name: string;
  readonly extra?: Readonly<Record<string, string>>;
}

export const tagKeys = {
  cluster: "clouder-cluster",
  role: "clouder-role",
  uid: "clouder-uid",
  part: "clouder-part",
  pool: "clouder-pool",
} as const;

/** The identity of a context; `internal` when a job forgot the uid. */
export function identityOf(cluster: string, uid: string | undefined): AwsIdentity {
  if (uid === undefined || uid === "") {
    throw new ClouderError("internal", `the cluster ${cluster} has no uid`);
  }
  return { cluster, uid };
}

/** Tags that everything of a cluster carries from its first moment. */
export function tagsOf(identity: AwsIdentity, part: Part): { Key: string; Value: string }[] {
  const tags = {
    Name: part.name,
    [tagKeys.cluster]: identity.cluster,
    [tagKeys.role]: part.role,
    [tagKeys.uid]: identity.uid,
    [tagKeys.part]: part.part,
    "datalayer.io/cluster": identity.cluster,
    "datalayer.io/role": part.role,
    "datalayer.io/component": "kubeadm",
    ...part.extra,
  };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** The tags in the form that EC2's creates take. */
export function tagged(identity: AwsIdentity, part: Part, ...types: ResourceType[]) {
  const Tags = tagsOf(identity, part);
  return {
    TagSpecifications: types.map((ResourceType): TagSpecification => ({ ResourceType, Tags })),
  };
}

/** Filters that find what is ours, and one part of it. */
export function ours(identity: AwsIdentity, part?: string): Filter[] {
  return [
    { Name: `tag:${tagKeys.cluster}`, Values: [identity.cluster] },
    { Name: `tag:${tagKeys.uid}`, Values: [identity.uid] },
    ...(part === undefined ? [] : [{ Name: `tag:${tagKeys.part}`, Values: [part] }]),
  ];
}

/** Value of a tag; empty when it is absent. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string {
  return tags?.find((tag) => tag.Key === key)?.Value ?? "";
}

/** True for a thing with this cluster's tags. */
export function isOurs(identity: AwsIdentity, tags: readonly Tag[] | undefined): boolean {
  return (
    tagValue(tags, tagKeys.cluster) === identity.cluster &&
    tagValue(tags, tagKeys.uid) === identity.uid
  );
}

/** True for what Kubernetes' cloud controllers made for a cluster of this name. */
export function madeByControllers(cluster: string, tags: readonly Tag[] | undefined): boolean {
  return (
    tagValue(tags, `kubernetes.io/cluster/${cluster}`) === "owned" ||
    tagValue(tags, "elbv2.k8s.aws/cluster") === cluster
  );
}

/** The same for the same part of the same cluster: a repeated create gives back the first result. */
export function clientToken({ uid }: AwsIdentity, part: string, generation: string): string {
  return createHash("sha256").update(`${uid}/${part}/${generation}`).digest("hex").slice(0, 48);
}

/** A name for things whose names are unique in a whole account, at most `most` characters long. */
export function uniqueName({ cluster, uid }: AwsIdentity, suffix: string, most: number): string {
  const tail = `-${uid.replaceAll("-", "").slice(0, 8)}${suffix}`;
  return `${cluster.slice(0, most - tail.length).replace(/-+$/, "")}${tail}`;
}
