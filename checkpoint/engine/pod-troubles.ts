import { isClouderError } from "#core/error";
import { events, pods, type Pod } from "#kube/resources";
import type { Following } from "#checkpoint/engine/follow-object";

/** Waiting for these is part of every start. */
const normal = new Set(["ContainerCreating", "PodInitializing"]);

/**
 * While a pod starts, says once each what holds it up: the scheduler's word, a container's reason,
 * warnings among its events. Stops by `stop`; what may not be read is not told.
 */
export function tellPodTroubles(
  pod: Pod,
  { kube, clock, report, signal }: Following,
): { readonly stop: () => void } {
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const told = new Set<string>();
  const tell = (message: string) => {
    if (told.has(message) || either.aborted) return;
    told.add(message);
    report({ type: "note", level: "warn", message });
  };
  const { name, namespace = "", uid = "" } = pod.metadata;
  const look = async () => {
    statusTroubles(await kube.get(pods, { name, namespace })).forEach(tell);
    const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
    for (const event of await kube.list(events, { namespace, fieldSelector })) {
      tell(`${event.reason}: ${event.message}`);
    }
  };
  const follow = async () => {
    for (;;) {
      // A start without trouble takes less than this.
      await clock.sleep(3000, either);
      await look().catch((error: unknown) => {
        if (!isClouderError(error)) throw error;
      });
    }
  };
  follow().catch((error: unknown) => {
    if (!either.aborted) throw error;
  });
  return {
    stop: () => {
      ended.abort();
    },
  };
}

function statusTroubles({ status = {} }: Pod): string[] {
  const unscheduled = (status.conditions ?? [])
    .filter(({ type, status: value }) => type === "PodScheduled" && value === "False")
    .map(({ reason = "", message = "" }) => `not scheduled: ${message || reason}`);
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = all.flatMap(({ name, state }) => {
    const { reason = "", message = "" } = state?.waiting ?? {};
    return reason === "" || normal.has(reason) ? [] : [`container ${name}: ${reason} ${message}`];
  });
  return [...unscheduled, ...waiting.map((text) => text.trim())];
}
