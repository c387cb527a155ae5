import { withCondition, type Condition } from "#kube/conditions";
import { observed, reasonOf } from "#checkpoint/api/failed-status";
import type { CheckpointStore } from "#checkpoint/api/types";
import { isClouderError } from "#core/error";

/** What a look at a store found; `unknown` when nobody could look. */
export interface StoreFinding {
  readonly ready: boolean | "unknown";
  readonly reason: string;
  readonly message: string;
}

export type StoreStatus = NonNullable<CheckpointStore["status"]>;

/** The status that tells the finding; who looked and when go along. */
export function storeStatus(
  store: CheckpointStore,
  finding: StoreFinding,
  look: { readonly by: string; readonly at: number },
): StoreStatus {
  const at = new Date(look.at).toISOString();
  const { ready, reason, message } = finding;
  const status = ready === "unknown" ? "Unknown" : ready ? "True" : "False";
  const next = { type: "Ready", status, reason, message, ...observed(store) } as const;
  return {
    checkedAt: at,
    checkedBy: look.by,
    conditions: withCondition(store.status?.conditions, next, at),
  };
}

/** A failed look as a finding: the message of an expected error, never more. */
export function refusedFinding(error: unknown): StoreFinding {
  if (!isClouderError(error)) {
    return { ready: "unknown", reason: "Internal", message: "the store could not be looked at" };
  }
  const cure = error.hint === undefined ? "" : `; ${error.hint}`;
  return { ready: false, reason: reasonOf(error.code), message: `${error.message}${cure}` };
}

/** The Ready condition, unless it was told about an older version of the spec. */
export function readyCondition({ metadata, status }: CheckpointStore): Condition | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const isOld = ready?.observedGeneration !== metadata.generation;
  return isOld ? undefined : ready;
}
