import { messageOf } from "#core/error";
import type { Kube } from "#kube/kube";
import { events, pods, type Event } from "#kube/resources";
import { annotations } from "#checkpoint/api/names";
import type { Log } from "#checkpoint/agent/log";

export interface PodReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Tells people what happened to their pod; a cluster that refuses Events changes nothing else. */
export async function recordPodEvent(
  environment: { readonly kube: Kube; readonly nodeName: string; readonly log: Log },
  pod: PodReference,
  event: Pick<Event, "type" | "reason" | "message">,
  now: number,
): Promise<void> {
  const time = new Date(now).toISOString();
  try {
    await environment.kube.create(events, {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${pod.name}.${now.toString(16)}${Math.floor(Math.random() * 65_536).toString(16)}`,
        namespace: pod.namespace,
      },
      involvedObject: { apiVersion: "v1", kind: "Pod", ...pod },
      source: { component: "clouder-agent", host: environment.nodeName },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      ...event,
      message: event.message.slice(0, 1024),
    });
  } catch (error) {
    environment.log("warn", "event not recorded", {
      reason: event.reason,
      error: messageOf(error),
    });
  }
}

/** Leaves id and time of the last checkpoint on the pod, by way of its status: see rights.ts. */
export async function annotateLastCheckpoint(
  environment: { readonly kube: Kube; readonly log: Log },
  pod: PodReference,
  id: string,
  time: string,
): Promise<void> {
  const metadata = {
    // Refused when the pod is a namesake by now.
    uid: pod.uid,
    annotations: { [annotations.lastCheckpoint]: id, [annotations.lastCheckpointTime]: time },
  };
  try {
    await environment.kube.patch(pods, pod, { metadata }, "status");
  } catch (error) {
    environment.log("warn", "pod not annotated", { pod: pod.name, error: messageOf(error) });
  }
}
