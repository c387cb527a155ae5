import type { Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";
import { waitFor } from "#core/retry";
import type { Kube } from "#kube/kube";
import { pods, type Pod } from "#kube/resources";
import type { Namespaced } from "#checkpoint/engine/follow-object";

/** The pod, or a `not-found` that says where was looked. */
export async function findPod(kube: Kube, { name, namespace }: Namespaced): Promise<Pod> {
  const pod = await findPodIfAny(kube, { name, namespace });
  if (pod) return pod;
  throw new ClouderError("not-found", `there is no pod "${name}" in namespace "${namespace}"`, {
    hint: `see which there are: kubectl get pods -n ${namespace}; another namespace is named by -n`,
  });
}

/** The pod, or undefined when there is none. */
export async function findPodIfAny(kube: Kube, name: Namespaced): Promise<Pod | undefined> {
  try {
    return await kube.get(pods, name);
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}

export interface PodRemoval {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Absent: the pod's own. */
  readonly gracePeriodSeconds?: number;
}

/** Deletes exactly this pod, as the user, and waits until it is gone; a namesake is left alone. */
export async function removePod(pod: Pod, removal: PodRemoval): Promise<void> {
  const { name, namespace = "default", uid = "" } = pod.metadata;
  const { kube, clock, signal, gracePeriodSeconds } = removal;
  const grace = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  try {
    await kube.remove(pods, { name, namespace }, { uid, gracePeriodSeconds: grace });
  } catch (error) {
    // Gone already, and somebody has made another one of that name.
    if (hasCode(error, "conflict")) return;
    throw error;
  }
  await waitFor(
    `the end of pod "${name}"`,
    {
      timeoutMs: grace * 1000 + 60_000,
      everyMs: 250,
      clock,
      signal,
      hint: `see what holds it: kubectl describe pod ${name} -n ${namespace}`,
    },
    async () => {
      const now = await findPodIfAny(kube, { name, namespace });
      return now?.metadata.uid === uid ? undefined : true;
    },
  );
}
