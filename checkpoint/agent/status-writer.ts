import type { Clock } from "#core/clock";
import { hasCode } from "#core/error";
import { retry } from "#core/retry";
import type { Kube, KubeObject, ObjectName, Resource } from "#kube/kube";
import type { Log } from "#checkpoint/agent/log";
import { errorFields } from "#checkpoint/agent/log";

/** Writes one object's status: changes at once, progress at most once a second, in order. */
export interface StatusWriter<Status> {
  /** Resolves when the API server has it; an object that is gone is no error. */
  now(change: Partial<Status>): Promise<void>;
  /** Dropped or delayed as it likes; the next `now` carries it. */
  soon(change: Partial<Status>): void;
}

const progressEveryMs = 1_000;
const patience = { attempts: 10, firstDelayMs: 500, maxDelayMs: 15_000 };

export function createStatusWriter<T extends KubeObject & { readonly status?: object }>(
  kube: Kube,
  resource: Resource<T>,
  name: ObjectName,
  environment: { readonly clock: Clock; readonly log: Log },
): StatusWriter<NonNullable<T["status"]>> {
  type Status = NonNullable<T["status"]>;
  let pending: Partial<Status> = {};
  let sentAt = -Infinity;
  let tail: Promise<void> = Promise.resolve();
  const send = (attempts: number): Promise<void> => {
    const status = pending;
    pending = {};
    sentAt = environment.clock.now();
    tail = tail.then(async () => {
      try {
        await retry({ ...patience, attempts }, environment.clock, () =>
          kube.patch(resource, name, { status }, "status"),
        );
      } catch (error) {
        if (hasCode(error, "not-found")) return;
        environment.log("warn", "status not written", { name: name.name, ...errorFields(error) });
      }
    });
    return tail;
  };
  return {
    now: (change) => {
      pending = { ...pending, ...change };
      return send(patience.attempts);
    },
    soon: (change) => {
      pending = { ...pending, ...change };
      if (environment.clock.now() - sentAt >= progressEveryMs) void send(1);
    },
  };
}
