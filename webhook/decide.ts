import { inject } from "#webhook/injection/inject";
import { marksOf } from "#webhook/injection/marks";
import { sourceName } from "#webhook/injection/wish";
import type { Outcome, PatchOperation } from "#webhook/injection/wish";
import { exemption } from "#webhook/policy/exempt";
import type { KnownWorld } from "#webhook/policy/known";
import { withKnown } from "#webhook/policy/known";
import type { InjectionWorld, PodRequest, WantedClaim, Wishes } from "#webhook/policy/request";
import { wishesFor } from "#webhook/policy/wishes";

/** What becomes of one pod, and why. */
export interface Decision {
  readonly allowed: boolean;
  /** Told when it is not. */
  readonly refusal?: string;
  readonly operations: readonly PatchOperation[];
  readonly outcomes: readonly Outcome[];
  /** Names only; each short enough for the API server. */
  readonly warnings: readonly string[];
  /** The believed user. */
  readonly user?: string;
  /** Claims the pod will need, for the controller. */
  readonly claims: readonly WantedClaim[];
  /** In order of precedence, highest first. */
  readonly considered: Wishes["considered"];
  /** Why no policy at all may touch the pod. */
  readonly exempt?: string;
}

/**
 * Decides about a pod that is about to be created. Depends on the request and the world alone, has no
 * effect, and decides nothing more about a pod that it has decided about. At once, or later when
 * the API server had to be asked.
 */
export function decide(request: PodRequest, world: InjectionWorld): Decision | Promise<Decision> {
  return withKnown(world, (known) => decideKnowing(request, known));
}

function decideKnowing(request: PodRequest, world: KnownWorld): Decision {
  const wishes = wishesFor(request, world);
  const { considered, user, claims } = wishes;
  if (wishes.refusal !== undefined) return refused(wishes, wishes.refusal, []);
  if (wishes.wishes.length === 0) {
    const exempt = exemption(request, world.namespaceLabels(request.namespace));
    if (exempt !== undefined) return { ...untouched(wishes), exempt };
  }
  const injection = inject(request.pod, wishes.wishes, (outcomes) =>
    marksOf(request.pod, outcomes, user),
  );
  const { operations, outcomes } = injection;
  if (injection.refusal !== undefined) return refused(wishes, injection.refusal, outcomes);
  const warnings = [...wishes.warnings, ...outcomes.filter(isTold).map(warningOf)].map(shortened);
  const found = user === undefined ? {} : { user };
  return { allowed: true, operations, outcomes, warnings, claims, considered, ...found };
}

function untouched({ warnings, considered }: Wishes): Decision {
  const nothing = { operations: [], outcomes: [], claims: [] };
  return { allowed: true, ...nothing, warnings: warnings.map(shortened), considered };
}

function refused(wishes: Wishes, refusal: string, outcomes: readonly Outcome[]): Decision {
  return { ...untouched(wishes), allowed: false, refusal, outcomes };
}

function isTold({ warn }: Outcome): boolean {
  return warn === true;
}

function warningOf({ where, reason, source }: Outcome): string {
  return `not injected: ${where}: ${reason ?? "skipped"} (${sourceName(source)})`;
}

/** The API server cuts off what is longer than 256; the reason stands at the end. */
const warningLength = 250;

function shortened(text: string): string {
  return text.length <= warningLength ? text : `${text.slice(0, warningLength - 1)}…`;
}
