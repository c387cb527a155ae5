import type { Clock } from "#core/clock";
import { hasCode, messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import type { Kube, KubeObject, ListOptions, Resource } from "#kube/kube";

export interface FollowContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}

/** What is followed, and who is told; each callback keeps what it needs of an object, no more. */
export interface Followed<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly options?: ListOptions;
  /** A cluster without this kind is in order: it counts as empty, and is asked again now and then. */
  readonly optional?: boolean;
  reset(objects: readonly T[]): void;
  set(object: T): void;
  unset(object: T): void;
}

/** How one watch is doing. */
export interface Feed {
  readonly kind: string;
  /** The state was listed once, or the kind is optional and not served. */
  synced(): boolean;
  /** When the API server was last heard, by the clock. */
  heardAt(): number;
  /** How often the watch had to be begun anew because it ended by an error. */
  restarts(): number;
  /** Resolves once the signal has aborted. */
  readonly ended: Promise<void>;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A kind that is not served may appear: somebody installs Kubeflow. */
const absentPauseMs = 30_000;

/**
 * Follows a kind until the signal aborts, whatever goes wrong in between: the port's watch takes up
 * broken streams by itself, and when it gives up it is begun anew, later each time.
 */
export function follow<T extends KubeObject>(context: FollowContext, followed: Followed<T>): Feed {
  const { clock, signal, log } = context;
  const kind = followed.resource.kind;
  let synced = false;
  let heardAt = clock.now();
  let restarts = 0;
  let failures = 0;

  const options = {
    ...followed.options,
    onContact: () => {
      heardAt = clock.now();
    },
  };

  async function once(): Promise<void> {
    for await (const event of context.kube.watch(followed.resource, options, signal)) {
      if (event.type === "RESYNC") {
        followed.reset(event.objects);
        synced = true;
        failures = 0;
      } else if (event.type === "DELETED") followed.unset(event.object);
      else followed.set(event.object);
    }
  }

  /** Gives the time to wait before the next try. */
  function failed(error: unknown): number {
    if (followed.optional && hasCode(error, "not-found")) {
      followed.reset([]);
      synced = true;
      failures = 0;
      heardAt = clock.now();
      return absentPauseMs;
    }
    restarts += 1;
    failures += 1;
    log({ level: "warn", message: "watch begun anew", kind, error: messageOf(error) });
    const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  async function forever(): Promise<void> {
    while (!signal.aborted) {
      let pause = firstPauseMs;
      try {
        await once();
      } catch (error) {
        pause = failed(error);
      }
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  return {
    kind,
    synced: () => synced,
    heardAt: () => heardAt,
    restarts: () => restarts,
    ended: forever(),
  };
}
