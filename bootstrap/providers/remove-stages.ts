import { hasCode, messageOf } from "#core/error";

/** Something in a cloud that can be removed. */
export interface Removable {
  readonly id: string;
  /** Things of an earlier stage stand in the way of later ones. */
  readonly stage: number;
  remove(): Promise<void>;
}

/**
 * One pass: what is of one stage goes at once, and what still holds others back is left for the next.
 * `reasons` tells, by id, why things stayed.
 */
export async function removeStages(
  things: readonly Removable[],
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
