import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { subjectAccessReviews, type SubjectAccessReview } from "#kube/resources";
import { apiGroup } from "#checkpoint/api/names";
import { injectionUsers } from "#webhook/api/names";
import type { Creator } from "#webhook/policy/request";
import { withinTime } from "#webhook/world/live-reads";

export interface AccessReviews {
  /** May the creator `use` injectionusers/<user> in the namespace? At once when it is remembered; rejects when nobody answers. */
  readonly mayUse: (
    creator: Creator,
    namespace: string,
    user: string,
  ) => boolean | Promise<boolean>;
  /** Questions that went to the API server so far. */
  readonly asked: () => number;
}

export interface AccessReviewSettings {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly limitMs?: number;
}

/** A right that was taken away may live on for so long. */
const allowedMs = 10_000;
const deniedMs = 5_000;
const mostKept = 5_000;
const mostAtOnce = 64;
const path = `/apis/${subjectAccessReviews.apiVersion}/${subjectAccessReviews.plural}`;

/** SubjectAccessReviews with a short memory; errors are not remembered. */
export function createAccessReviews(settings: AccessReviewSettings): AccessReviews {
  const { kube, clock, limitMs = 2_500 } = settings;
  const kept = new Map<string, { readonly allowed: boolean; readonly until: number }>();
  const underWay = new Map<string, Promise<boolean>>();
  let asked = 0;

  async function ask(key: string, review: SubjectAccessReview): Promise<boolean> {
    asked += 1;
    try {
      const allowed = await withinTime(
        "the creator's rights",
        (signal) => post(kube, review, signal),
        clock,
        limitMs,
      );
      kept.delete(key);
      kept.set(key, { allowed, until: clock.now() + (allowed ? allowedMs : deniedMs) });
      const oldest = kept.keys().next().value;
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      return allowed;
    } finally {
      underWay.delete(key);
    }
  }

  async function review(key: string, question: SubjectAccessReview): Promise<boolean> {
    const running = underWay.get(key);
    if (running) return running;
    if (underWay.size >= mostAtOnce) {
      throw new ClouderError("busy", "too many access reviews under way", { retryable: true });
    }
    const promise = ask(key, question);
    underWay.set(key, promise);
    return promise;
  }

  return {
    asked: () => asked,
    mayUse: (creator, namespace, user) => {
      const key = keyOf(creator, namespace, user);
      const known = kept.get(key);
      if (known && clock.now() < known.until) return known.allowed;
      return review(key, reviewOf(creator, namespace, user));
    },
  };
}

async function post(
  kube: Kube,
  review: SubjectAccessReview,
  signal: AbortSignal,
): Promise<boolean> {
  const { status, body } = await kube.raw("POST", path, { body: JSON.stringify(review), signal });
  if (status !== 200 && status !== 201) {
    throw new ClouderError("unreachable", `an access review was answered with ${String(status)}`, {
      retryable: status >= 500 || status === 429,
      hint: "the webhook's ServiceAccount needs create on subjectaccessreviews",
    });
  }
  const answer = JSON.parse(body) as Pick<SubjectAccessReview, "status">;
  return answer.status?.allowed === true && answer.status.denied !== true;
}

function reviewOf(
  { username, uid, groups, extra }: Creator,
  namespace: string,
  user: string,
): SubjectAccessReview {
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata: { name: "" },
    spec: {
      user: username,
      groups,
      ...(uid === undefined ? {} : { uid }),
      ...(extra === undefined ? {} : { extra }),
      resourceAttributes: {
        group: apiGroup,
        resource: injectionUsers,
        verb: "use",
        namespace,
        name: user,
      },
    },
  };
}

/** JSON keeps the parts apart whatever characters they hold. */
function keyOf(creator: Creator, namespace: string, user: string): string {
  const { username, uid, groups, extra } = creator;
  return JSON.stringify([user, namespace, username, uid, groups, extra]);
}
