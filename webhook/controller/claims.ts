import { messageOf } from "#core/error";
import type { OwnerReference } from "#kube/kube";
import type { PersistentVolumeClaim, Pod } from "#kube/resources";
import { persistentVolumeClaims, pods } from "#kube/resources";
import { injectionLabels } from "#webhook/api/names";
import type { InjectionPolicy } from "#webhook/api/types";
import { policyName } from "#webhook/policy/precedence";
import type { WantedClaim } from "#webhook/policy/request";
import { recordEvent, type Told } from "#webhook/controller/events";
import { makeClaim, type ClaimOutcome } from "#webhook/controller/make-claim";
import { controllerAnnotations, reasons } from "#webhook/controller/names";
import { claimsFor, waitingPod, type WaitingPod } from "#webhook/controller/replay";
import { keyOf } from "#webhook/world/caches";
import { follow, type FollowContext } from "#webhook/world/follow";
import type { OpenWorld } from "#webhook/world/world";

export interface Claims {
  /** Makes what waiting pods lack; gives the time of the next try of what failed. */
  readonly pass: () => Promise<number>;
  /** Everything was listed once. */
  synced(): boolean;
  /** Claims made for a policy that exist, by its name as in {@link policyName}. */
  count(policy: string): number;
  /** Why claims of a policy could not be made, newest pass. */
  troubles(policy: string): readonly Told[];
  /** Policies have changed: pods that needed nothing may need something now. */
  readonly reconsider: () => void;
}

type Trouble = Extract<ClaimOutcome, { readonly kind: "trouble" }>;

interface Tried {
  readonly wanted: WantedClaim;
  readonly trouble: Trouble;
  readonly failures: number;
  readonly nextAt: number;
  readonly pods: ReadonlySet<string>;
}

const firstRetryMs = 5_000;
const longestRetryMs = 300_000;

/** Makes the homes of injected pods that wait for them: not in the admission path, which has no effects. */
export function keepClaims(context: FollowContext, world: OpenWorld, ring: () => void): Claims {
  const { kube, clock, log } = context;
  const waiting = new Map<string, WaitingPod>();
  /** UIDs of pods whose claims are there. */
  const settled = new Set<string>();
  /** Claim to the policy it was made for. */
  const made = new Map<string, string>();
  const tried = new Map<string, Tried>();

  const podFeed = follow<Pod>(context, {
    resource: pods,
    options: { fieldSelector: "status.phase=Pending" },
    reset: (all) => {
      waiting.clear();
      settled.clear();
      all.forEach(setPod);
      ring();
    },
    set: setPod,
    unset: (pod) => {
      forget(keyOf(pod), pod.metadata.uid);
    },
  });
  const claimFeed = follow<PersistentVolumeClaim>(context, {
    resource: persistentVolumeClaims,
    options: { labelSelector: injectionLabels.home },
    reset: (all) => {
      made.clear();
      settled.clear();
      all.forEach(setClaim);
      ring();
    },
    set: setClaim,
    unset: (claim) => {
      made.delete(keyOf(claim));
      settled.clear();
      ring();
    },
  });

  function setPod(pod: Pod): void {
    const found = waitingPod(pod);
    if (!found) {
      forget(keyOf(pod), pod.metadata.uid);
      return;
    }
    waiting.set(keyOf(pod), found);
    ring();
  }

  function forget(key: string, uid: string | undefined): void {
    waiting.delete(key);
    if (uid !== undefined) settled.delete(uid);
  }

  function setClaim(claim: PersistentVolumeClaim): void {
    const policy = claim.metadata.annotations?.[controllerAnnotations.policy];
    if (policy === undefined || made.get(keyOf(claim)) === policy) return;
    made.set(keyOf(claim), policy);
    ring();
  }

  async function serve(pod: WaitingPod): Promise<void> {
    const uid = pod.pod.metadata.uid ?? "";
    let whole = true;
    for (const wanted of await claimsFor(pod, world)) {
      if (!(await provide(wanted, pod, uid))) whole = false;
    }
    if (whole) settled.add(uid);
  }

  /** True when the claim is there. */
  async function provide(wanted: WantedClaim, pod: WaitingPod, uid: string): Promise<boolean> {
    const key = `${wanted.namespace}/${wanted.name}`;
    const before = tried.get(key);
    const isNews = before?.pods.has(uid) !== true;
    if (before && clock.now() < before.nextAt) {
      if (isNews) {
        tried.set(key, { ...before, pods: new Set([...before.pods, uid]) });
        await tell(pod, warning(before.trouble));
      }
      return false;
    }
    const outcome = await makeClaim(kube, wanted, owner(wanted.policy));
    if (outcome.kind !== "trouble") {
      tried.delete(key);
      if (outcome.kind === "made") {
        log({ level: "info", message: "claim made", claim: key, policy: wanted.policy });
        await tell(pod, { type: "Normal", reason: reasons.made, message: `made ${wanted.name}` });
      }
      return true;
    }
    const failures = (before?.failures ?? 0) + 1;
    const pause = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1));
    tried.set(key, {
      wanted,
      trouble: outcome,
      failures,
      nextAt: clock.now() + pause,
      pods: new Set([...(before?.pods ?? []), uid]),
    });
    await tell(pod, warning(outcome));
    const policy = policyOf(wanted.policy);
    if (policy) await recordEvent(context, policy, warning(outcome));
    return false;
  }

  const tell = (pod: WaitingPod, told: Told) => recordEvent(context, pod.pod, told);

  function policyOf(name: string): InjectionPolicy | undefined {
    return world.allPolicies().find((policy) => policyName(policy) === name);
  }

  function owner(name: string): OwnerReference | undefined {
    const policy = policyOf(name);
    const uid = policy?.metadata.uid;
    if (!policy || uid === undefined || policy.kind === "PodDefault") return undefined;
    return { apiVersion: policy.apiVersion, kind: policy.kind, name: policy.metadata.name, uid };
  }

  /** Troubles of pods that are gone are nobody's. */
  function forgetOld(): void {
    const alive = new Set([...waiting.values()].map(({ pod }) => pod.metadata.uid ?? ""));
    for (const [key, { pods: told }] of tried) {
      if (![...told].some((uid) => alive.has(uid))) tried.delete(key);
    }
  }

  return {
    synced: () => podFeed.synced() && claimFeed.synced(),
    reconsider: () => {
      settled.clear();
    },
    count: (policy) => [...made.values()].filter((one) => one === policy).length,
    troubles: (policy) =>
      [...tried.values()]
        .filter(({ wanted }) => wanted.policy === policy)
        .map(({ trouble }) => warning(trouble)),
    pass: async () => {
      if (!podFeed.synced() || !claimFeed.synced() || !world.synced()) return Infinity;
      let failedAt = Infinity;
      for (const pod of [...waiting.values()]) {
        if (settled.has(pod.pod.metadata.uid ?? "")) continue;
        try {
          await serve(pod);
        } catch (error) {
          failedAt = clock.now() + firstRetryMs;
          const name = `${pod.namespace}/${pod.pod.metadata.name}`;
          log({
            level: "warn",
            message: `claims of a pod not made: ${messageOf(error)}`,
            pod: name,
          });
        }
      }
      forgetOld();
      return Math.min(failedAt, ...[...tried.values()].map(({ nextAt }) => nextAt));
    },
  };
}

function warning({ reason, message }: Trouble): Told {
  return { type: "Warning", reason, message };
}
