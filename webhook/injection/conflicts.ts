import type { Draft } from "#webhook/injection/draft";
import { note, noteSkipped } from "#webhook/injection/draft";
import { sourceName } from "#webhook/injection/wish";
import type { Outcome, Wish } from "#webhook/injection/wish";

/** What a wish meets in its place. */
export interface Meeting<T> {
  readonly where: string;
  readonly wanted: T;
  /** What the pod has there. */
  readonly own: T | undefined;
  readonly same: (a: T, b: T) => boolean;
  /** Whose own it is. */
  readonly owner: "pod" | "container";
  /** Why the pod's own cannot be overridden. */
  readonly fixed?: string | undefined;
}

/**
 * Decides one place of the pod: add the wanted, replace the pod's own, or (undefined) leave it. The
 * first wish for a place decides about it, also when it leaves the pod's own there: were it the second
 * one's turn then, a second call, which finds the first one's content as the pod's own, would end
 * differently.
 */
export function settle<T>(
  draft: Draft,
  wish: Wish,
  meeting: Meeting<T>,
): "add" | "replace" | undefined {
  const { where, wanted, own } = meeting;
  const present = own !== undefined && meeting.same(own, wanted);
  const claim = draft.claims.get(where);
  if (claim !== undefined) {
    const same = meeting.same(claim.wanted as T, wanted);
    meetClaim(draft, wish, meeting, { ...claim, same, present });
    return undefined;
  }
  const result = own === undefined ? "injected" : present ? "present" : clash(draft, wish, meeting);
  draft.claims.set(where, { wish, wanted, result });
  if (result === "injected" || result === "present") note(draft, wish, where, result);
  return result === "injected" ? "add" : result === "overridden" ? "replace" : undefined;
}

/** The pod has something else in the place. */
function clash<T>(draft: Draft, wish: Wish, meeting: Meeting<T>): Outcome["result"] {
  const { where, owner, fixed } = meeting;
  const reason = `the ${owner} has another value`;
  if (wish.mergeMode === "PodPreset") {
    draft.presetConflict ??= `${where}: ${reason}`;
    return "skipped";
  }
  switch (wish.conflict) {
    case "Override":
      note(draft, wish, where, fixed === undefined ? "overridden" : "kept", fixed ?? reason);
      return fixed === undefined ? "overridden" : "kept";
    case "Refuse":
      refuse(draft, wish, where, reason);
      return "refused";
    case "SkipAndWarn":
      noteSkipped(draft, wish, where, reason);
      return "skipped";
    case "Keep":
      note(draft, wish, where, "kept", reason);
      return "kept";
  }
}

/** An earlier wish has decided about the place. */
function meetClaim<T>(
  draft: Draft,
  wish: Wish,
  meeting: Meeting<T>,
  claim: { wish: Wish; result: Outcome["result"]; same: boolean; present: boolean },
): void {
  const { where, owner } = meeting;
  const first = claim.wish.source;
  if (claim.same || (claim.present && claim.result !== "overridden")) {
    const inPlace = claim.present || claim.result === "injected" || claim.result === "overridden";
    if (inPlace) note(draft, wish, where, "present");
    else if (wish.mergeMode === "PodPreset") clash(draft, wish, meeting);
    else note(draft, wish, where, claim.result, `the ${owner} has another value`);
    return;
  }
  const reason = `${sourceName(first)} comes first`;
  const modes = [claim.wish.mergeMode, wish.mergeMode];
  if (first.policy === wish.source.policy || modes.every((mode) => mode === "Priority")) {
    note(draft, wish, where, "skipped", reason);
  } else if (modes.includes("PodDefault")) {
    refuse(draft, wish, where, `${sourceName(first)} wants another value`);
  } else {
    draft.presetConflict ??= `${where}: ${sourceName(first)} and ${sourceName(wish.source)} differ`;
  }
}

function refuse(draft: Draft, wish: Wish, where: string, reason: string): void {
  note(draft, wish, where, "refused", reason);
  draft.refusal ??= `${where}: ${reason} (wanted by ${sourceName(wish.source)})`;
}
