import { injectionLabels, runtimeLabels } from "#webhook/api/names";
import { isSafeName, isSafeSegment } from "#webhook/policy/placeholders";
import type { Facts, Placeholder } from "#webhook/policy/placeholders";
import type { PodRequest } from "#webhook/policy/request";
import { labelOf } from "#webhook/policy/selector";
import type { Labels } from "#webhook/policy/selector";

/** What is known of a pod without believing anybody: its namespace and that one's labels. */
export function namespaceFacts(namespace: string, labels: Labels): Facts {
  const organization = safe(labelOf(labels, injectionLabels.organization));
  const team = safe(labelOf(labels, injectionLabels.team));
  return {
    namespace,
    ...(organization === undefined ? {} : { organization }),
    ...(team === undefined ? {} : { team }),
  };
}

function safe(value: string | undefined): string | undefined {
  return value !== undefined && isSafeName(value) ? value : undefined;
}

/** The facts with a believed user; a handle that is no safe segment gives way to the uid. */
export function userFacts(facts: Facts, user: string, { pod }: PodRequest): Facts {
  const handle = labelOf(pod.metadata.labels, runtimeLabels.userHandle);
  return { ...facts, user, handle: handle !== undefined && isSafeSegment(handle) ? handle : user };
}

/**
 * What tells a pod that has no user yet from the others: its reservation, else its name. A pod made
 * by generateName has no name at this point.
 */
export function slotOf({ pod }: PodRequest): string | undefined {
  return safe(labelOf(pod.metadata.labels, runtimeLabels.reservationId)) ?? safe(pod.metadata.name);
}

const meanings: Readonly<Record<Placeholder, string>> = {
  user: "the pod's user",
  handle: "the pod's user",
  namespace: "the namespace",
  organization: `the namespace's label ${injectionLabels.organization}`,
  team: `the namespace's label ${injectionLabels.team}`,
  slot:
    `the pod's label ${runtimeLabels.reservationId} or its name, believed of trusted creators ` +
    `and in namespaces of one user`,
};

/** Where a placeholder's value would have come from. */
export function meaningOf(placeholder: Placeholder): string {
  return meanings[placeholder];
}
