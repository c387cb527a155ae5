import type { Clock } from "#core/clock";
import { hasCode, messageOf, throwIfCancelled } from "#core/error";

/** Something of a cluster that is in its cloud now. */
export interface CloudThing {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Things of an earlier stage stand in the way of later ones. */
  readonly stage: number;
  /** It is on its way out and is only waited for. */
  readonly leaving?: boolean;
  /** Somebody else's, among ours: named, never touched. */
  readonly foreign?: boolean;
  remove(): Promise<void>;
}

/** How a cloud's things are removed until none is left. */
interface Removal<T extends CloudThing> {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** What is there now, by a look at the cloud. */
  look(): Promise<readonly T[]>;
  /** Before this time (ms since 1970) an empty look proves nothing: a create may show late. */
  readonly settled: number;
  /** Called after each pass. */
  progress(left: number): void;
}

const betweenMs = 5000;
/** Passes in which nothing went, and nothing was on its way out. */
const stalledPasses = 6;
/** Machines, NAT gateways and the interfaces of balancers take minutes. */
const longestMs = 20 * 60_000;

/** What could not be removed, with the reason of the last try. */
export interface Left<T> {
  readonly thing: T;
  readonly reason: string | undefined;
}

/**
 * Removes in passes, stage by stage, until a look finds nothing or nothing moves any more; gives what is
 * left.
 */
export async function removeInPasses<T extends CloudThing>(
  removal: Removal<T>,
): Promise<readonly Left<T>[]> {
  const { clock, signal } = removal;
  const deadline = clock.now() + longestMs;
  const reasons = new Map<string, string>();
  let before = "";
  let stalled = 0;
  for (;;) {
    throwIfCancelled(signal);
    const things = await removal.look();
    if (things.length === 0 && clock.now() >= removal.settled) return [];
    const own = things.filter(({ foreign }) => foreign !== true);
    const now = things.map(({ id, leaving }) => `${id} ${String(leaving)}`).join();
    const waiting = things.length === 0 || own.some(({ leaving }) => leaving === true);
    stalled = now === before && !waiting ? stalled + 1 : 0;
    if (stalled >= stalledPasses || clock.now() >= deadline) {
      return things.map((thing) => ({ thing, reason: reasons.get(thing.id) }));
    }
    before = now;
    await removeStages(
      own.filter(({ leaving }) => leaving !== true),
      reasons,
    );
    if (things.length > 0) removal.progress(things.length);
    await clock.sleep(betweenMs, signal);
  }
}

/**
 * One pass: what is of one stage goes at once, and what still holds others back is left for the next.
 * `reasons` tells, by id, why things stayed.
 */
async function removeStages(
  things: readonly CloudThing[],
  reasons: Map<string, string>,
): Promise<void> {
  const stages = [...new Set(things.map(({ stage }) => stage))].sort((one, other) => one - other);
  for (const stage of stages) {
    const here = things.filter((one) => one.stage === stage);
    const done = await Promise.allSettled(here.map((one) => one.remove()));
    done.forEach((result, index) => {
      const id = here[index]?.id ?? "";
      if (result.status === "fulfilled") {
        reasons.delete(id);
        return;
      }
      if (hasCode(result.reason, "cancelled", "unauthenticated")) throw result.reason;
      reasons.set(id, messageOf(result.reason));
    });
  }
}
