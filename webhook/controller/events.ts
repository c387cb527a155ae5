import { createHash } from "node:crypto";
import type { Clock } from "#core/clock";
import { hasCode, messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import type { Kube, KubeObject } from "#kube/kube";
import { events } from "#kube/resources";
import { injectionControllerName } from "#webhook/api/names";

export interface Told {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/**
 * Tells people what became of their object. The name follows from what is said, so that the same thing
 * is one Event however often it is found; a cluster that refuses Events changes nothing else.
 */
export async function recordEvent(
  { kube, clock, log }: { kube: Kube; clock: Clock; log: (entry: LogEntry) => void },
  object: Pick<KubeObject, "apiVersion" | "kind" | "metadata">,
  { type, reason, message }: Told,
): Promise<void> {
  const { name, namespace, uid } = object.metadata;
  const time = new Date(clock.now()).toISOString();
  const digest = createHash("sha256")
    .update(JSON.stringify([uid, reason, message]))
    .digest("hex");
  // Events about objects without a namespace live in this one.
  const place = namespace ?? "default";
  try {
    await kube.create(events, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name.slice(0, 200)}.${digest.slice(0, 16)}`, namespace: place },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component: injectionControllerName },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    });
  } catch (error) {
    if (hasCode(error, "exists")) return;
    log({ level: "warn", message: "event not recorded", reason, error: messageOf(error) });
  }
}
