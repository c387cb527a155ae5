import type { Clock } from "#core/clock";
import { messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import type { Kube } from "#kube/kube";
import { events, type Event, type Pod } from "#kube/resources";
import { webhookName } from "#webhook/api/names";
import type { PodRequest } from "#webhook/policy/request";
import type { Verdict } from "#webhook/review/answer";

/**
 * Tells the owners of pods what was not injected: warnings reach whoever made the pod, and that is a
 * controller, which reads none.
 */
export interface OwnerEvents {
  /** Returns at once; the Event is written later, or not at all when there are too many. */
  report(request: PodRequest, verdict: Verdict): void;
  /** Events that were left out because there were too many. */
  readonly dropped: number;
  /** Resolves when what was reported so far is written. */
  settled(): Promise<void>;
}

/** The same thing is said once in this time: a Job's pods are all alike. */
const repeatMs = 600_000;
const mostRemembered = 2_000;
const burst = 25;
const perSecond = 5;
const messageLength = 1024;

export function createOwnerEvents(context: {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly host: string;
  readonly log: (entry: LogEntry) => void;
}): OwnerEvents {
  const { clock } = context;
  const said = new Map<string, number>();
  let tokens = burst;
  let filledAt = clock.now();
  let dropped = 0;
  let writing: Promise<void> = Promise.resolve();

  function isNew(key: string): boolean {
    const now = clock.now();
    if (now - (said.get(key) ?? -Infinity) < repeatMs) return false;
    said.delete(key);
    said.set(key, now);
    const oldest = said.keys().next().value;
    if (said.size > mostRemembered && oldest !== undefined) said.delete(oldest);
    return true;
  }

  function hasToken(): boolean {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }

  async function write(event: Event): Promise<void> {
    try {
      await context.kube.create(events, event);
    } catch (error) {
      context.log({
        level: "warn",
        message: "event not recorded",
        reason: event.reason,
        error: messageOf(error),
      });
    }
  }

  return {
    report: ({ pod, namespace }, { warnings, refusal }) => {
      if (warnings.length === 0 && refusal === undefined) return;
      const object = involved(pod, namespace);
      if (!object) return; // Its creator is told by a warning.
      const reason = refusal === undefined ? "InjectionSkipped" : "InjectionRefused";
      const message = refusal ?? [...new Set(warnings)].join("; ");
      if (!isNew(JSON.stringify([namespace, object.uid ?? object.name, reason, message]))) return;
      if (!hasToken()) {
        dropped += 1;
        return;
      }
      const now = clock.now();
      const time = new Date(now).toISOString();
      const event: Event = {
        apiVersion: "v1",
        kind: "Event",
        metadata: { namespace, name: eventName(object.name, now) },
        involvedObject: { ...object, namespace },
        type: "Warning",
        reason,
        message: message.slice(0, messageLength),
        source: { component: webhookName, host: context.host },
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      };
      writing = Promise.all([writing, write(event)]).then(() => undefined);
    },
    get dropped() {
      return dropped;
    },
    settled: () => writing,
  };
}

/** The controller that makes the pod; else the pod, when it has its name already. */
function involved(pod: Pod, namespace: string): Event["involvedObject"] | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner) {
    const { apiVersion, kind, name, uid } = owner;
    return { apiVersion, kind, name, uid, namespace };
  }
  const { name } = pod.metadata as Partial<Pod["metadata"]>;
  return name ? { apiVersion: "v1", kind: "Pod", name, namespace } : undefined;
}

function eventName(name: string, now: number): string {
  const suffix = `${now.toString(16)}${Math.floor(Math.random() * 65_536).toString(16)}`;
  return `${name.slice(0, 200)}.${suffix}`;
}
