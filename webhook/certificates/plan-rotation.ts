import { backdatedMs, type CertificateFacts, type ServingFacts } from "#webhook/certificates/facts";

export interface RotationSettings {
  readonly authorityLifeMs: number;
  readonly servingLifeMs: number;
  /** How long API servers may need to see a change of their webhook configuration. */
  readonly propagationMs: number;
  /** How long the old authority stays trusted after the last certificate of it was replaced. */
  readonly overlapMs: number;
}

const day = 24 * 3600_000;

export const defaultRotation: RotationSettings = {
  authorityLifeMs: 365 * day,
  servingLifeMs: 30 * day,
  propagationMs: 60_000,
  overlapMs: 10 * 60_000,
};

/** All that is known, as the API server has it; nothing else is remembered between two decisions. */
export interface RotationState {
  /** Signs; absent when there is none whose key is there. */
  readonly authority?: CertificateFacts;
  /** Trusted besides, until the overlap is over. */
  readonly previous: readonly CertificateFacts[];
  readonly serving?: ServingFacts;
  /** What the webhook configuration trusts; absent: there is no configuration, so nobody calls. */
  readonly published?: {
    readonly certificates: readonly CertificateFacts[];
    /** All webhooks in it say the same. */
    readonly same: boolean;
  };
  /** When the configuration was first seen to trust the authority. */
  readonly publishedAt?: number;
  /** Somebody asked for new keys at this time, and got none yet. */
  readonly rotateAt?: number;
}

export type RotationStep =
  /** `keep`: fingerprints that stay trusted beside the new one. */
  | { readonly do: "make-authority"; readonly keep: readonly string[]; readonly reason: string }
  /** `anew`: the wait for API servers begins. */
  | {
      readonly do: "publish";
      readonly trusted: readonly string[];
      readonly anew: boolean;
      readonly reason: string;
    }
  | { readonly do: "note-published" }
  | { readonly do: "issue"; readonly reason: string }
  | { readonly do: "drop"; readonly reason: string }
  | { readonly do: "rest"; readonly until: number; readonly reason: string };

/**
 * The next step. In a rotation the order is such that at no moment a call can fail: the new authority
 * is trusted beside the old one, API servers get time to see that, only then is a certificate of it
 * served, and the old one is trusted until long after the last certificate of it was in use.
 */
export function planRotation(
  now: number,
  state: RotationState,
  settings: RotationSettings,
): RotationStep {
  const { authority } = state;
  if (!authority || authority.notAfter <= now) {
    const reason = authority ? "the authority has expired" : "there is no authority";
    return { do: "make-authority", keep: stillTrusted(now, state), reason };
  }
  return (
    publishing(now, state, authority) ??
    serving(now, state, authority, settings) ??
    renewing(now, state, authority, settings)
  );
}

/** A lost authority's certificate may still be in the configuration, and what it signed in use. */
function stillTrusted(now: number, state: RotationState): readonly string[] {
  const all = [
    ...(state.authority ? [state.authority] : []),
    ...state.previous,
    ...(state.published?.certificates ?? []),
  ];
  const alive = all.filter(({ notAfter }) => notAfter > now).map(({ fingerprint }) => fingerprint);
  return [...new Set(alive)];
}

function publishing(
  now: number,
  { published, previous, publishedAt }: RotationState,
  authority: CertificateFacts,
): RotationStep | undefined {
  if (!published) return undefined;
  const alive = previous.filter(({ notAfter }) => notAfter > now);
  const trusted = [authority, ...alive].map(({ fingerprint }) => fingerprint);
  const there = new Set(published.certificates.map(({ fingerprint }) => fingerprint));
  const sound = published.same && there.size === trusted.length;
  if (!sound || !trusted.every((one) => there.has(one))) {
    const anew = !there.has(authority.fingerprint) || !published.same;
    const reason = anew ? "the authority is not trusted yet" : "it trusts others than it should";
    return { do: "publish", trusted, anew, reason };
  }
  return publishedAt === undefined ? { do: "note-published" } : undefined;
}

function serving(
  now: number,
  state: RotationState,
  authority: CertificateFacts,
  settings: RotationSettings,
): RotationStep | undefined {
  const broken = brokenBecause(now, state, authority);
  // Nothing is lost by not waiting: no call succeeds with what there is.
  if (broken !== undefined) return { do: "issue", reason: broken };
  if (state.serving?.issuer === authority.fingerprint) return undefined;
  if (!state.published) return { do: "issue", reason: "there is a new authority" };
  const seen = (state.publishedAt ?? now) + settings.propagationMs;
  return seen <= now
    ? { do: "issue", reason: "the new authority is trusted everywhere" }
    : { do: "rest", until: seen, reason: "API servers take up the new authority" };
}

function brokenBecause(
  now: number,
  { serving, previous }: RotationState,
  authority: CertificateFacts,
): string | undefined {
  if (!serving) return "there is no serving certificate";
  if (!serving.fits) return "the serving certificate lacks a name or its key";
  if (serving.notAfter <= now) return "the serving certificate has expired";
  const trusted = [authority, ...previous].some(
    ({ fingerprint, notAfter }) => fingerprint === serving.issuer && notAfter > now,
  );
  return trusted ? undefined : "no trusted authority signed the serving certificate";
}

function renewing(
  now: number,
  state: RotationState,
  authority: CertificateFacts,
  { overlapMs }: RotationSettings,
): RotationStep {
  const { serving, previous, rotateAt = Infinity } = state;
  if (previous.length > 0) {
    const over = (serving?.notBefore ?? now) + backdatedMs + overlapMs;
    return over <= now
      ? { do: "drop", reason: "nothing that the old authority signed is in use" }
      : { do: "rest", until: over, reason: "the old authority is trusted a little longer" };
  }
  const renewAuthorityAt = dueAt(authority);
  if (Math.min(renewAuthorityAt, rotateAt) <= now) {
    const reason =
      rotateAt <= now ? "new keys were asked for" : "less than a third of its life is left";
    return { do: "make-authority", keep: [authority.fingerprint], reason };
  }
  const renewServingAt = serving ? dueAt(serving) : now;
  if (renewServingAt <= now)
    return { do: "issue", reason: "less than a third of its life is left" };
  const until = Math.min(renewAuthorityAt, renewServingAt, rotateAt);
  return { do: "rest", until, reason: "everything is in order" };
}

/** When a third of the life is left. */
function dueAt({ notBefore, notAfter }: CertificateFacts): number {
  return notAfter - (notAfter - notBefore) / 3;
}
