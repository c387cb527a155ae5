import type { Kube } from "#kube/kube";
import type { Lease } from "#kube/objects";
import { leases } from "#kube/resources";
import type { Clock } from "#core/clock";
import { hasCode, isClouderError, messageOf } from "#core/error";
import type { LogEntry } from "#core/log";

export interface LeaderSettings {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Unique among the replicas: the pod's name. */
  readonly identity: string;
  readonly signal: AbortSignal;
  readonly log: (entry: LogEntry) => void;
}

/** Others may take the lease when its holder has not renewed it for so long. */
const leaseMs = 15_000;
/** The holder gives up its work when it could not renew for so long. */
const renewWithinMs = 10_000;
const retryMs = 2_000;

/** When the lease was last seen to change, by our own clock: clocks of nodes may differ. */
interface Seen {
  version: string | undefined;
  at: number;
}

/**
 * Runs `work` while this replica holds the lease, again and again until the signal aborts. `work`
 * gets a signal that aborts when the lease is lost, and must then return soon.
 */
export async function lead(
  settings: LeaderSettings,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const seen: Seen = { version: undefined, at: 0 };
  while (!settings.signal.aborted) {
    if (await tryHold(settings, seen)) await holdAndWork(settings, seen, work);
    else await sleptOn(settings, settings.signal);
  }
}

async function holdAndWork(
  settings: LeaderSettings,
  seen: Seen,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { identity, log, clock } = settings;
  log({ level: "info", message: "leading", identity });
  const lost = new AbortController();
  const signal = AbortSignal.any([settings.signal, lost.signal]);
  const working = work(signal)
    .catch((error: unknown) => {
      log({ level: "error", message: `the work of the leader ended: ${messageOf(error)}` });
    })
    .finally(() => {
      lost.abort();
    });
  let renewedAt = clock.now();
  while (await sleptOn(settings, signal)) {
    const asked = clock.now();
    const patience = renewWithinMs - (asked - renewedAt);
    // An API server that never answers must not keep us working past the lease.
    if (await within(patience, clock, tryHold(settings, seen))) renewedAt = asked;
    else if (clock.now() - renewedAt >= renewWithinMs) lost.abort();
  }
  await working;
  await release(settings);
  log({ level: "info", message: "no longer leading", identity });
}

/** Takes or renews the lease; false when another one holds it or the API server does not answer. */
async function tryHold(settings: LeaderSettings, seen: Seen): Promise<boolean> {
  const { kube, namespace, name, clock } = settings;
  try {
    const lease = await kube.get(leases, { namespace, name }).catch((error: unknown) => {
      if (hasCode(error, "not-found")) return undefined;
      throw error;
    });
    if (!lease) {
      await kube.create(leases, renewed(settings, undefined));
      return true;
    }
    if (lease.metadata.resourceVersion !== seen.version) {
      seen.version = lease.metadata.resourceVersion;
      seen.at = clock.now();
    }
    const holder = lease.spec.holderIdentity ?? "";
    const free = holder === "" || holder === settings.identity;
    if (!free && clock.now() - seen.at < leaseMs) return false;
    await kube.replace(leases, renewed(settings, lease));
    return true;
  } catch (error) {
    if (!isClouderError(error)) throw error;
    if (error.code !== "conflict" && error.code !== "exists") {
      settings.log({ level: "warn", message: `cannot hold the lease: ${error.message}` });
    }
    return false;
  }
}

function renewed({ clock, namespace, name, identity }: LeaderSettings, old: Lease | undefined) {
  const now = new Date(clock.now()).toISOString().replace("Z", "000Z");
  const same = old?.spec.holderIdentity === identity;
  return {
    apiVersion: leases.apiVersion,
    kind: "Lease" as const,
    metadata: old?.metadata ?? { namespace, name },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: leaseMs / 1000,
      acquireTime: same ? (old.spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (old?.spec.leaseTransitions ?? 0) + (same || !old ? 0 : 1),
    },
  };
}

/** What `asking` gives; false when it takes longer. */
async function within(
  milliseconds: number,
  clock: Clock,
  asking: Promise<boolean>,
): Promise<boolean> {
  const answered = new AbortController();
  const late = clock.sleep(Math.max(0, milliseconds), answered.signal).then(
    () => false,
    () => false,
  );
  const held = await Promise.race([asking, late]);
  answered.abort();
  return held;
}

/** Lets the next replica start at once. */
async function release({ kube, namespace, name, identity }: LeaderSettings): Promise<void> {
  try {
    const lease = await kube.get(leases, { namespace, name });
    if (lease.spec.holderIdentity !== identity) return;
    await kube.replace(leases, { ...lease, spec: { ...lease.spec, holderIdentity: "" } });
  } catch {
    // It runs out by itself.
  }
}

/** Waits one turn; false when the signal was aborted. */
async function sleptOn({ clock }: LeaderSettings, signal: AbortSignal): Promise<boolean> {
  await clock.sleep(retryMs, signal).catch(() => undefined);
  return !signal.aborted;
}
