import type { Clock } from "#core/clock";
import { retry } from "#core/retry";
import type { Kube } from "#kube/kube";
import { nodes } from "#kube/resources";
import { errorFields, type Log } from "#checkpoint/agent/log";
import type { AskMetadata } from "#checkpoint/agent/preemption/metadata";
import type {
  NoticeHook,
  NoticeSource,
  PreemptionNotice,
} from "#checkpoint/agent/preemption/notice";
import { noticeSource } from "#checkpoint/agent/preemption/sources";

export interface Preemption {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  readonly ask: AskMetadata;
  readonly hooks: readonly NoticeHook[];
  readonly stopping: AbortSignal;
}

/** So many questions without any answer mean that there is no metadata service for this pod. */
const patience = 5;
const reading = { attempts: 10, firstDelayMs: 1_000, maxDelayMs: 30_000 };

/**
 * Tells the hooks what the cloud says about the end of this node's machine, until `stopping` is aborted.
 * Ends at once for machines of no cloud, and where no metadata service answers.
 */
export async function watchPreemption(around: Preemption): Promise<void> {
  const { kube, clock, log, nodeName, stopping } = around;
  try {
    const read = () => kube.get(nodes, { name: nodeName });
    const node = await retry(reading, clock, read, stopping);
    const source = noticeSource(node.spec.providerID, around.ask, clock);
    if (source) await follow(around, source);
    else log("info", "no preemption notices: the node is of no cloud that gives any");
  } catch (error) {
    if (!stopping.aborted) log("warn", "preemption notices are not watched", errorFields(error));
  }
}

async function follow(around: Preemption, source: NoticeSource): Promise<void> {
  const { clock, log, stopping } = around;
  const ended = () => stopping.aborted;
  const told = new Map<NoticeHook, string>();
  let answered = false;
  let failures = 0;
  while (!ended()) {
    try {
      const notices = await source.poll(stopping);
      if (!answered || failures > 0) {
        log("info", "watching for preemption notices", { cloud: source.cloud });
      }
      answered = true;
      failures = 0;
      await tell(around, notices, told);
    } catch (error) {
      if (ended()) return;
      failures += 1;
      if (!answered && failures >= patience) throw error;
      // Once for each time that the service is away.
      if (failures === 1) log("warn", "preemption notices unknown", errorFields(error));
    }
    await clock.sleep(source.everyMs, stopping).catch(() => undefined);
  }
}

async function tell(
  { hooks, log }: Preemption,
  notices: readonly PreemptionNotice[],
  told: Map<NoticeHook, string>,
): Promise<void> {
  const state = JSON.stringify(notices.map(({ id }) => id));
  const waiting = hooks.filter((hook) => told.get(hook) !== state);
  await Promise.all(
    waiting.map(async (hook) => {
      try {
        await hook.take(notices);
        told.set(hook, state);
      } catch (error) {
        const fields = { hook: hook.name, ...errorFields(error) };
        log("warn", "preemption notice not dealt with yet", fields);
      }
    }),
  );
}
