import { apiGroup } from "#checkpoint/api/names";
import { ClouderError, hasCode } from "#core/error";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import {
  configMaps,
  namespaces,
  selfSubjectAccessReviews,
  serviceAccounts,
  subjectAccessReviews,
} from "#kube/resources";
import { injectionUsers, secretIndexName } from "#webhook/api/names";
import { clusterInjectionPolicies, injectionPolicies } from "#webhook/api/types";
import { fromPodDefault, podDefaults } from "#webhook/policy/pod-default";
import type { Creator, InjectionWorld } from "#webhook/policy/request";
import { labelsOf } from "#webhook/world/caches";
import { decodeIndex } from "#webhook/world/secret-index";

export interface ClusterWorld extends InjectionWorld {
  /** What the caller may not read, so that the answer may differ from the webhook's. */
  readonly gaps: readonly string[];
}

/** The world of one namespace as the caller may see it, read once; changes nothing. */
export async function worldFromCluster(
  kube: Kube,
  namespace: string,
  /** Absent: the caller's own rights are asked about. */
  other: Creator | undefined,
): Promise<ClusterWorld> {
  const gaps = new Set<string>();
  const readable = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (hasCode(error, "not-found")) return undefined;
      if (!hasCode(error, "denied")) throw error;
      gaps.add(`you may not read ${what}: what they say is left out`);
      return undefined;
    }
  };
  const list = async <T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> => {
    const within = resource.namespaced ? { namespace } : {};
    return (await readable(resource.plural, () => kube.list(resource, within))) ?? [];
  };
  const labels = async (resource: Resource, name: { name: string; namespace?: string }) => {
    const object = await readable(resource.plural, () => kube.get<KubeObject>(resource, name));
    return object ? labelsOf(object) : {};
  };
  const [own, cluster, defaults, index] = await Promise.all([
    list(injectionPolicies),
    list(clusterInjectionPolicies),
    list(podDefaults),
    readable("the index of Secrets", () =>
      kube.get(configMaps, { namespace, name: secretIndexName }),
    ),
  ]);
  const policies = [...own, ...cluster, ...defaults.map(fromPodDefault)];
  const secrets = index ? decodeIndex(index) : [];
  return {
    get gaps() {
      return [...gaps];
    },
    policies: () => policies,
    secrets: () => secrets,
    namespaceLabels: async (name) => ({
      "kubernetes.io/metadata.name": name,
      ...(await labels(namespaces, { name })),
    }),
    serviceAccountLabels: (inside, name) => labels(serviceAccounts, { namespace: inside, name }),
    mayUse: (_creator, inside, user) => mayUse(kube, other, inside, user),
  };
}

/** The caller as the API server knows them; nobody in particular where it does not say. */
export async function creatorOfCaller(kube: Kube): Promise<Creator> {
  const apiVersion = "authentication.k8s.io/v1";
  const review = { apiVersion, kind: "SelfSubjectReview", metadata: {} };
  const { status, body } = await kube.raw("POST", `/apis/${apiVersion}/selfsubjectreviews`, {
    body: JSON.stringify(review),
  });
  if (status !== 201) {
    throw new ClouderError("denied", "the API server does not say who you are", {
      hint: "name the creator of the pod: --as USER",
    });
  }
  const { status: said } = JSON.parse(body) as {
    readonly status?: { userInfo?: Partial<Creator> };
  };
  const { username = "", groups = [], ...rest } = said?.userInfo ?? {};
  return { ...rest, username, groups };
}

async function mayUse(
  kube: Kube,
  other: Creator | undefined,
  namespace: string,
  user: string,
): Promise<boolean> {
  const resourceAttributes = {
    group: apiGroup,
    resource: injectionUsers,
    verb: "use",
    namespace,
    name: user,
  };
  const apiVersion = "authorization.k8s.io/v1";
  const metadata = { name: "" };
  const answer = other
    ? await kube.create(subjectAccessReviews, {
        apiVersion,
        kind: "SubjectAccessReview",
        metadata,
        spec: { user: other.username, groups: other.groups, resourceAttributes },
      })
    : await kube.create(selfSubjectAccessReviews, {
        apiVersion,
        kind: "SelfSubjectAccessReview",
        metadata,
        spec: { resourceAttributes },
      });
  return answer.status?.allowed === true;
}
