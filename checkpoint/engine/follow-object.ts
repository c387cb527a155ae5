import type { StatusError } from "#checkpoint/api/types";
import type { Clock } from "#core/clock";
import { ClouderError, errorCodes, type ErrorCode } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube, KubeObject, Resource } from "#kube/kube";

export interface Following {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  /** 0: without end. */
  readonly timeoutMs: number;
}

export interface Namespaced {
  readonly name: string;
  readonly namespace: string;
}

type Ended = "found" | "gone" | "timeout";

/**
 * Calls `look` with each state of one object until it gives a value. Rejects with `cancelled` on
 * abort, `timeout`, and `not-found` when the object disappears.
 */
export async function followObject<T extends KubeObject, Value>(
  resource: Resource<T>,
  { name, namespace }: Namespaced,
  { kube, clock, signal, timeoutMs }: Following,
  look: (object: T) => Value | undefined,
): Promise<Value> {
  const stop = new AbortController();
  const state: { ended: Ended; value?: Value } = { ended: "gone" };
  const watched = AbortSignal.any([signal, stop.signal]);
  const deadline =
    timeoutMs > 0
      ? clock.sleep(timeoutMs, watched).then(
          () => {
            state.ended = "timeout";
            stop.abort();
          },
          () => undefined,
        )
      : undefined;
  try {
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    for await (const event of kube.watch(resource, selection, watched)) {
      const object = event.type === "RESYNC" ? event.objects[0] : event.object;
      if (!object || event.type === "DELETED") break;
      const value = look(object);
      if (value === undefined) continue;
      return value;
    }
  } finally {
    stop.abort();
    await deadline;
  }
  if (signal.aborted) throw new ClouderError("cancelled", "cancelled");
  if (state.ended === "timeout") {
    const seconds = String(Math.round(timeoutMs / 1000));
    throw new ClouderError("timeout", `${resource.kind} ${name} did not end within ${seconds} s`, {
      hint: `see what it waits for: kubectl describe ${resource.plural} ${name} -n ${namespace}`,
    });
  }
  throw new ClouderError("not-found", `${resource.kind} ${name} was deleted while it was followed`);
}

/** Says so when nobody takes an object up: without this a missing controller looks like a slow one. */
export function warnWhenIdle(
  { clock, report, signal }: Pick<Following, "clock" | "report" | "signal">,
  message: string,
  afterMs: number,
): { readonly stop: () => void } {
  const ended = new AbortController();
  clock.sleep(afterMs, AbortSignal.any([signal, ended.signal])).then(
    () => {
      report({ type: "note", level: "warn", message });
    },
    () => undefined,
  );
  return {
    stop: () => {
      ended.abort();
    },
  };
}

/** The error that an agent or the controller wrote into a status. */
export function errorOfStatus(error: StatusError | undefined, what: string): ClouderError {
  const code = errorCodes.find((one) => one === error?.code) ?? ("internal" satisfies ErrorCode);
  return new ClouderError(code, error?.message ?? `${what} failed without saying why`, {
    ...(error?.hint === undefined ? {} : { hint: error.hint }),
    ...(error?.logLines === undefined ? {} : { details: { logLines: error.logLines } }),
  });
}
