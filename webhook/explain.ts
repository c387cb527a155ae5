import { applyPatch } from "rfc6902";
import { ClouderError } from "#core/error";
import type { Pod } from "#kube/objects";
import type { Decision } from "#webhook/decide";
import { decide } from "#webhook/decide";
import type { Outcome, PatchOperation } from "#webhook/injection/wish";
import type { Creator, InjectionWorld, WantedClaim, Wishes } from "#webhook/policy/request";

/** What `inject explain` shows: what the webhook would do to a pod, and why. */
export interface Explanation {
  readonly allowed: boolean;
  readonly refusal?: string;
  /** Why no policy at all may touch the pod. */
  readonly exempt?: string;
  readonly user?: string;
  /** All policies in sight, highest precedence first, with the reason why they match or do not. */
  readonly policies: Wishes["considered"];
  readonly items: readonly ExplainedItem[];
  readonly warnings: readonly string[];
  readonly claims: readonly WantedClaim[];
  readonly patch: readonly PatchOperation[];
  readonly before: Pod;
  /** The same as before when the pod is refused. */
  readonly after: Pod;
}

/** What became of one item of a policy in one place of the pod. */
export interface ExplainedItem {
  readonly where: string;
  readonly result: Outcome["result"];
  readonly policy: string;
  readonly item: string;
  readonly reason?: string;
}

/** Decides about a pod as the webhook would, and applies the patch; the pod itself is not changed. */
export async function explain(
  pod: Pod,
  namespace: string,
  creator: Creator,
  world: InjectionWorld,
): Promise<Explanation> {
  const decision = await decide({ pod, namespace, creator }, world);
  const { allowed, refusal, exempt, user, warnings, claims, operations } = decision;
  return {
    allowed,
    ...(refusal === undefined ? {} : { refusal }),
    ...(exempt === undefined ? {} : { exempt }),
    ...(user === undefined ? {} : { user }),
    policies: decision.considered,
    items: decision.outcomes.map(explained),
    warnings,
    claims,
    patch: operations,
    before: pod,
    after: patched(pod, decision),
  };
}

function explained({ source, where, result, reason }: Outcome): ExplainedItem {
  const item = { where, result, policy: source.policy, item: source.item };
  return reason === undefined ? item : { ...item, reason };
}

function patched(pod: Pod, { operations }: Decision): Pod {
  const after = structuredClone(pod);
  // The engine puts the values themselves into the pod, and goes on to change them there.
  const failures = applyPatch(after, structuredClone([...operations])).filter(
    (failure) => failure !== null,
  );
  const [first] = failures;
  if (first !== undefined) {
    throw new ClouderError("internal", `the patch does not apply: ${first.message}`, {
      cause: first,
    });
  }
  return after;
}
