import type { Pod } from "#kube/objects";
import { injectionAnnotations } from "#webhook/api/names";
import { sourceName } from "#webhook/injection/wish";
import type { Outcome } from "#webhook/injection/wish";

const { injected, user: userMark } = injectionAnnotations;

/**
 * The annotations by which an injected pod is known: what it got, and whose. They are written only
 * when something was injected; what a new pod says of itself that is not so is taken away: it cannot
 * claim to have been given anything, or another's things.
 */
export function marksOf(
  pod: Pod,
  outcomes: readonly Outcome[],
  user: string | undefined,
): Readonly<Record<string, string | undefined>> {
  const before = pod.metadata.annotations ?? {};
  const given = new Set<string>();
  for (const outcome of outcomes) if (isGiven(outcome)) given.add(sourceName(outcome.source));
  const marks: Record<string, string | undefined> = {};
  if (given.size > 0 || Object.hasOwn(before, injected)) {
    const earlier = earlierOf(before[injected], outcomes);
    const names = earlier.length > 0 ? new Set([...earlier, ...given]) : given;
    const value = names.size > 0 ? [...names].join(",") : undefined;
    if (value !== before[injected]) marks[injected] = value;
  }
  const isMarked = Object.hasOwn(before, userMark);
  if (user !== before[userMark] && (isMarked || given.size > 0)) marks[userMark] = user;
  return marks;
}

/** What an earlier call has noted, as far as the pod has it. */
function earlierOf(mark: string | undefined, outcomes: readonly Outcome[]): readonly string[] {
  if (mark === undefined) return [];
  const known = new Set(outcomes.filter(isThere).map(({ source }) => sourceName(source)));
  return mark.split(",").filter((name) => known.has(name));
}

function isGiven({ result }: Outcome): boolean {
  return result === "injected" || result === "overridden";
}

function isThere(outcome: Outcome): boolean {
  return outcome.result === "present" || isGiven(outcome);
}
