import type { Container, Pod, PodSpec } from "#kube/objects";
import type { ObjectMeta } from "#kube/kube";
import type {
  InjectionItem,
  InjectionPolicy,
  InjectionPolicySpec,
  UserIdentity,
} from "#webhook/api/types";
import type { Wish, WishPart } from "#webhook/injection/wish";
import type {
  Creator,
  IndexedSecret,
  InjectionWorld,
  PodRequest,
  Wishes,
} from "#webhook/policy/request";
import { withKnown } from "#webhook/policy/known";
import { wishesFor } from "#webhook/policy/wishes";

/** A world made of literals, and requests into it. */

export const userLabel = "runtime-pools.datalayer.io/user-uid";
export const namespaceUser = "clouder.datalayer.io/user";

type Labels = Readonly<Record<string, string>>;

export interface Scene {
  readonly policies?: readonly InjectionPolicy[];
  readonly namespaceLabels?: Labels;
  readonly accounts?: Readonly<Record<string, Labels>>;
  readonly secrets?: readonly IndexedSecret[];
  /** `creator/user` pairs that a SubjectAccessReview allows. */
  readonly allowed?: readonly string[];
}

export interface RecordingWorld extends InjectionWorld {
  /** What was asked of SubjectAccessReviews, in order. */
  readonly asked: string[];
}

export function world(scene: Scene = {}): RecordingWorld {
  const asked: string[] = [];
  return {
    asked,
    policies: () => scene.policies ?? [],
    namespaceLabels: () => Promise.resolve(scene.namespaceLabels ?? {}),
    serviceAccountLabels: (_namespace, name) => Promise.resolve(scene.accounts?.[name] ?? {}),
    secrets: () => scene.secrets ?? [],
    mayUse: ({ username }, namespace, user) => {
      asked.push(`${username} ${namespace} ${user}`);
      return Promise.resolve(scene.allowed?.includes(`${username}/${user}`) ?? false);
    },
  };
}

export function namespaced(spec: InjectionPolicySpec, name = "p", namespace = "work") {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "InjectionPolicy",
    metadata: { name, namespace },
    spec,
  } satisfies InjectionPolicy;
}

export function cluster(spec: InjectionPolicySpec, name = "p") {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name },
    spec,
  } satisfies InjectionPolicy;
}

export function pod(
  metadata: Partial<ObjectMeta> = {},
  spec: Partial<PodSpec> = {},
  containers: readonly Container[] = [{ name: "main", image: "i" }],
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a-pod", ...metadata },
    spec: { containers, ...spec },
  };
}

export const alice: Creator = { username: "alice", groups: ["system:authenticated"] };
export const replicaSets: Creator = {
  username: "system:serviceaccount:kube-system:replicaset-controller",
  groups: ["system:serviceaccounts", "system:authenticated"],
};

export function request(of: Pod = pod(), creator: Creator = alice, namespace = "work"): PodRequest {
  return { pod: of, namespace, creator };
}

/** A pod that claims to be a user's. */
export const podOf = (user: string, more: Labels = {}): Pod =>
  pod({ labels: { [userLabel]: user, ...more } });

export async function decide(scene: Scene, of: PodRequest = request()): Promise<Wishes> {
  return withKnown(world(scene), (known) => wishesFor(of, known));
}

export function parts(wishes: Wishes): readonly WishPart[] {
  return wishes.wishes.map(({ part }: Wish) => part);
}

export function secret(name: string, keys: readonly string[], labels: Labels = {}): IndexedSecret {
  return { name, keys, labels };
}

export const byLabel: UserIdentity = { from: "PodLabel" };
/** Alice may use herself, and nobody else. */
export const mine = { allowed: ["alice/alice"] };

export const env = (name: string, value: string): InjectionItem => ({
  name: name.toLowerCase(),
  env: [{ name, value }],
});

/** An item for all Secrets of the user. */
export const labelled = (
  item: Partial<NonNullable<InjectionItem["secret"]>> = {},
): InjectionItem => ({ name: "keys", secret: { label: userLabel, as: "Env", ...item } });

export const secretsOf = (uid: string): Labels => ({ [userLabel]: uid });
