import { pods, type Pod } from "#kube/resources";
import { annotations } from "#checkpoint/api/names";
import type { Agent } from "#checkpoint/agent/agent";

/** The pods of this node that name a Restore, by its UID. */
export interface RestoredPods {
  get(restoreUID: string): Pod | undefined;
  /** True once the pod has been seen and is gone. */
  isGone(restoreUID: string): boolean;
  /** Resolves when all pods of the node have been listed. */
  readonly listed: Promise<void>;
}

/** Follows the node's pods until the agent ends; keeps only those that name a Restore. */
export function followRestoredPods(
  agent: Agent,
  onGone: (restoreUID: string) => void,
): RestoredPods & { readonly end: Promise<void> } {
  const current = new Map<string, Pod>();
  const gone = new Set<string>();
  const listed = Promise.withResolvers<undefined>();
  const uidOf = (pod: Pod) => pod.metadata.annotations?.[annotations.restore];
  const put = (pod: Pod) => {
    const uid = uidOf(pod);
    if (uid !== undefined) current.set(uid, pod);
  };
  const drop = (uid: string) => {
    current.delete(uid);
    gone.add(uid);
    onGone(uid);
  };
  const follow = async () => {
    const options = { fieldSelector: `spec.nodeName=${agent.nodeName}` };
    for await (const event of agent.kube.watch(pods, options, agent.stopping)) {
      if (event.type === "RESYNC") {
        const there = new Set(event.objects.map(uidOf));
        for (const uid of [...current.keys()]) if (!there.has(uid)) drop(uid);
        event.objects.forEach(put);
        listed.resolve(undefined);
      } else if (event.type === "DELETED") {
        const uid = uidOf(event.object);
        // A namesake may have come meanwhile.
        if (uid !== undefined && current.get(uid)?.metadata.uid === event.object.metadata.uid) {
          drop(uid);
        }
      } else put(event.object);
    }
    listed.resolve(undefined);
  };
  return {
    get: (uid) => current.get(uid),
    isGone: (uid) => gone.has(uid) && !current.has(uid),
    listed: listed.promise,
    end: follow(),
  };
}
