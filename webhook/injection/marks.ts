import type { Pod } from "#kube/objects";
import { injectionAnnotations } from "#webhook/api/names";
import type { Outcome } from "#webhook/injection/wish";

const { injected, user: userMark } = injectionAnnotations;

/**
 * The annotations by which an injected pod is known: what it got, and whose. They are written only
 * when something was injected, and a user's name that nobody vouches for is taken away: a pod cannot
 * claim to have been given another's things.
 */
export function marksOf(
  pod: Pod,
  outcomes: readonly Outcome[],
  user: string | undefined,
): Readonly<Record<string, string | undefined>> {
  const before = pod.metadata.annotations ?? {};
  const given = outcomes.filter(isGiven).map(nameOf);
  const marks: Record<string, string | undefined> = {};
  if (given.length > 0) {
    const known = new Set(outcomes.map(nameOf));
    const earlier = before[injected]?.split(",").filter((name) => known.has(name)) ?? [];
    const value = [...new Set([...earlier, ...given])].join(",");
    if (value !== before[injected]) marks[injected] = value;
  }
  const isMarked = Object.hasOwn(before, userMark);
  if (user !== before[userMark] && (isMarked || given.length > 0)) marks[userMark] = user;
  return marks;
}

function isGiven({ result }: Outcome): boolean {
  return result === "injected" || result === "overridden";
}

function nameOf({ source }: Outcome): string {
  return `${source.policy}/${source.item}`;
}
