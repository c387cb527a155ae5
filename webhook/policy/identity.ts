import { messageOf } from "#core/error";
import { injectionLabels, injectionUsers, runtimeLabels } from "#webhook/api/names";
import type { UserIdentity } from "#webhook/api/types";
import { actsForOthers, isTrusted } from "#webhook/policy/creators";
import { isSafeName } from "#webhook/policy/placeholders";
import type { KnownWorld } from "#webhook/policy/known";
import { isNotYet } from "#webhook/policy/known";
import type { PodRequest } from "#webhook/policy/request";
import { labelOf } from "#webhook/policy/selector";
import type { Labels } from "#webhook/policy/selector";

/**
 * Whom a pod belongs to. none: it names nobody. doubted: it names somebody, and nobody vouches for
 * it; `untrusted` of the policy decides. contradicted: its namespace belongs to somebody else.
 */
export type Identity =
  | { readonly kind: "believed"; readonly user: string }
  | { readonly kind: "none" | "doubted" | "contradicted"; readonly reason: string };

type Claim = { readonly user: string; readonly where: string } | undefined;

/** Finds the pod's user and decides whether to believe it; never believes what it could not check. */
export function identify(
  identity: UserIdentity,
  request: PodRequest,
  world: KnownWorld,
  namespaceLabels: Labels,
): Identity {
  const bound = labelOf(namespaceLabels, injectionLabels.user);
  const contradiction = contradicts(request, identity, bound);
  if (contradiction !== undefined) return { kind: "contradicted", reason: contradiction };
  const claim = claimOf(identity, request, world, namespaceLabels);
  if (!claim) return { kind: "none", reason: `no user: ${placeOf(identity)} is not set` };
  if (!isSafeName(claim.user)) {
    return {
      kind: "doubted",
      reason: `${claim.where} is "${claim.user}", which is no safe name: at most 63 of a-z, 0-9 and -`,
    };
  }
  if (bound === claim.user) return { kind: "believed", user: claim.user };
  if (bound !== undefined) {
    return {
      kind: "contradicted",
      reason: `${claim.where} says user ${claim.user}, but the namespace belongs to ${bound}`,
    };
  }
  if (identity.from !== "PodLabel") return accountOrNamespace(claim.user, request);
  return labelClaim(claim.user, identity, request, world);
}

/** A pod's label that names another user than its namespace: refused whoever says it. */
function contradicts(
  { pod }: PodRequest,
  identity: UserIdentity,
  bound: string | undefined,
): string | undefined {
  if (bound === undefined) return undefined;
  const keys: string[] = [runtimeLabels.userUid];
  if (identity.from === "PodLabel" && identity.key !== undefined) keys.push(identity.key);
  for (const key of keys) {
    const said = labelOf(pod.metadata.labels, key);
    if (said !== undefined && said !== bound) {
      return `the pod's label ${key} says user ${said}, but the namespace belongs to ${bound}`;
    }
  }
  return undefined;
}

function placeOf({ from, key }: UserIdentity): string {
  if (from === "PodLabel") return `the pod's label ${key ?? runtimeLabels.userUid}`;
  if (from === "Namespace") return `the namespace's label ${key ?? injectionLabels.user}`;
  return `the ServiceAccount's label ${key ?? injectionLabels.user}`;
}

function claimOf(
  identity: UserIdentity,
  { pod, namespace }: PodRequest,
  world: KnownWorld,
  namespaceLabels: Labels,
): Claim {
  const where = placeOf(identity);
  const { from, key } = identity;
  const account = pod.spec.serviceAccountName ?? "default";
  const user =
    from === "PodLabel"
      ? labelOf(pod.metadata.labels, key ?? runtimeLabels.userUid)
      : from === "Namespace"
        ? labelOf(namespaceLabels, key ?? injectionLabels.user)
        : labelOf(world.serviceAccountLabels(namespace, account), key ?? injectionLabels.user);
  return user === undefined || user === "" ? undefined : { user, where };
}

/** Labels of namespaces and ServiceAccounts are their administrators' word. */
function accountOrNamespace(user: string, { pod }: PodRequest): Identity {
  const said = labelOf(pod.metadata.labels, runtimeLabels.userUid);
  return said === undefined || said === user
    ? { kind: "believed", user }
    : {
        kind: "doubted",
        reason: `the pod's label ${runtimeLabels.userUid} says user ${said}, but it runs as ${user}`,
      };
}

function labelClaim(
  user: string,
  identity: UserIdentity,
  { pod, namespace, creator }: PodRequest,
  world: KnownWorld,
): Identity {
  if (isTrusted(creator, pod, identity.trusted)) return { kind: "believed", user };
  const behalf = actsForOthers(creator, pod);
  if (behalf !== undefined) {
    return {
      kind: "doubted",
      reason:
        `${behalf}, so nobody knows whether its author may use ${user}: label the namespace ` +
        `${injectionLabels.user}, read the user of the ServiceAccount, or trust ${creator.username}`,
    };
  }
  if (identity.subjectAccessReview === false) {
    return { kind: "doubted", reason: `${creator.username} is not trusted to name user ${user}` };
  }
  try {
    if (world.mayUse(creator, namespace, user)) return { kind: "believed", user };
    return {
      kind: "doubted",
      reason: `${creator.username} may not "use" ${injectionUsers}/${user} in ${namespace}`,
    };
  } catch (error) {
    if (isNotYet(error)) throw error;
    const cause = messageOf(error);
    return {
      kind: "doubted",
      reason: `the right to ${injectionUsers}/${user} is unknown: ${cause}`,
    };
  }
}
