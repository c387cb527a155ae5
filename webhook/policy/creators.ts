import type { Pod } from "#kube/objects";
import type { UserIdentity } from "#webhook/api/types";
import type { Creator } from "#webhook/policy/request";

const systemAccount = /^system:serviceaccount:kube-system:[a-z0-9-]+-controller$/;

/**
 * Why the creator's own rights say nothing about the person who wanted the pod: a controller made it
 * on somebody's behalf. Only the controller itself writes the reference to the owner.
 */
export function actsForOthers(creator: Creator, pod: Pod): string | undefined {
  if (creator.username === "system:kube-controller-manager") {
    return "the pod was made by the kube-controller-manager";
  }
  if (systemAccount.test(creator.username)) {
    return `the pod was made by ${creator.username.split(":")[3] ?? ""}`;
  }
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? `the pod was made for the ${owner.kind} ${owner.name}` : undefined;
}

/** True when the policy believes whatever this creator says; controllers must be named one by one. */
export function isTrusted(creator: Creator, pod: Pod, trusted: UserIdentity["trusted"]): boolean {
  const byName = trusted?.serviceAccounts?.some(
    ({ namespace, name }) => creator.username === `system:serviceaccount:${namespace}:${name}`,
  );
  if (byName) return true;
  if (!trusted?.groups?.some((group) => creator.groups.includes(group))) return false;
  return actsForOthers(creator, pod) === undefined;
}
