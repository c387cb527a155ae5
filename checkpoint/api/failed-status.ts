import { withCondition } from "#kube/conditions";
import type { Checkpoint, Restore } from "#checkpoint/api/types";
import type { ClouderError } from "#core/error";

/** The status of a Checkpoint or Restore that ends here. */
export function failed(
  object: Checkpoint | Restore,
  error: ClouderError,
  condition: "Scheduled" | "Completed",
  now: string,
) {
  const logLines = error.details["logLines"];
  return {
    phase: "Failed" as const,
    ...observed(object),
    completionTime: now,
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(Array.isArray(logLines) ? { logLines: logLines as readonly string[] } : {}),
    },
    conditions: withCondition(
      object.status?.conditions,
      {
        type: condition,
        status: "False",
        reason: reasonOf(error.code),
        message: error.message,
        ...observed(object),
      },
      now,
    ),
  };
}

/** `not-found` as `NotFound`: conditions want CamelCase reasons. */
export function reasonOf(code: string): string {
  return code.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}

/** Which version of the spec a status is about. */
export function observed(object: { readonly metadata: Checkpoint["metadata"] }) {
  const { generation } = object.metadata;
  return generation === undefined ? {} : { observedGeneration: generation };
}
