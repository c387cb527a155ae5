import type { Clock } from "#core/clock";
import { jsonOf, unexpected, type AskMetadata } from "#checkpoint/agent/preemption/metadata";
import type { NoticeSource, PreemptionNotice } from "#checkpoint/agent/preemption/notice";

const path = "/metadata/scheduledevents?api-version=2020-07-01";

/** The first question of a machine switches scheduled events on, which takes up to two minutes. */
const firstTimeoutMs = 130_000;
const timeoutMs = 5_000;

interface ScheduledEvent {
  readonly EventId?: string;
  readonly EventType?: string;
  readonly EventStatus?: string;
  readonly Resources?: readonly string[];
  /** Empty once it has begun. */
  readonly NotBefore?: string;
}

/** Events by which a machine goes for good; freezes, reboots and redeployments bring it back. */
const final: ReadonlySet<string> = new Set(["Preempt", "Terminate"]);

/**
 * Scheduled events of Azure that end the machine of that name. A spot machine has 30 seconds, so they
 * are asked for every two. Nothing is acknowledged: that would only hasten the end.
 */
export function azureNotices(ask: AskMetadata, clock: Clock, machine: string): NoticeSource {
  let answered = false;
  return {
    ...{ cloud: "azure", everyMs: 2_000 },
    poll: async (signal) => {
      const limit = answered ? timeoutMs : firstTimeoutMs;
      const answer = await ask({ path, headers: { Metadata: "true" }, timeoutMs: limit }, signal);
      if (answer.status !== 200) throw unexpected(path, answer);
      const { Events = [] } = jsonOf(path, answer) as { Events?: readonly ScheduledEvent[] };
      answered = true;
      return Events.filter((event) => concerns(event, machine)).map((one) => noticeOf(one, clock));
    },
  };
}

/** Machines of one availability set hear of each other's events, too. */
function concerns({ EventType = "", Resources = [] }: ScheduledEvent, machine: string): boolean {
  const own = machine.toLowerCase();
  return final.has(EventType) && Resources.some((one) => one.toLowerCase() === own);
}

function noticeOf(event: ScheduledEvent, clock: Clock): PreemptionNotice {
  const { EventId = "", EventType: action = "", NotBefore = "" } = event;
  const deadline = NotBefore === "" ? clock.now() : Date.parse(NotBefore);
  return {
    ...{ id: EventId, kind: "interruption", action },
    ...(!Number.isNaN(deadline) && { deadline }),
  };
}
