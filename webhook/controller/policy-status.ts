import { hasCode } from "#core/error";
import { withCondition, type Condition } from "#kube/conditions";
import type { Kube } from "#kube/kube";
import {
  clusterInjectionPolicies,
  injectionPolicies,
  type InjectionPolicy,
  type InjectionPolicyStatus,
} from "#webhook/api/types";
import { presets } from "#webhook/policy/presets";
import { describeProblem, validatePolicy } from "#webhook/policy/validate";
import type { Told } from "#webhook/controller/events";

/** What is known about a policy besides itself. */
export interface PolicyFacts {
  readonly claims: number;
  readonly claimTroubles: readonly Told[];
  /** Namespaces whose index of Secrets is not complete, with the number that is left out. */
  readonly overfull: ReadonlyMap<string, number>;
}

type Finding = Omit<Condition, "lastTransitionTime">;

/** Status of a policy: is it valid, are its claims there, can it find all Secrets. */
export function policyStatus(
  policy: InjectionPolicy,
  facts: PolicyFacts,
  now: string,
): InjectionPolicyStatus {
  const observedGeneration = policy.metadata.generation ?? 0;
  const findings = [
    readiness(policy),
    ...(makesClaims(policy) ? [claimsFinding(facts)] : []),
    ...(readsIndex(policy) ? [indexFinding(policy, facts)] : []),
  ];
  let conditions: readonly Condition[] = (policy.status?.conditions ?? []).filter(({ type }) =>
    findings.some((finding) => finding.type === type),
  );
  for (const finding of findings) {
    conditions = withCondition(conditions, { ...finding, observedGeneration }, now);
  }
  return { observedGeneration, conditions, claims: facts.claims };
}

function readiness(policy: InjectionPolicy): Finding {
  const problems = validatePolicy(policy).map(describeProblem);
  return problems.length === 0
    ? { type: "Ready", status: "True", reason: "Valid", message: "the policy is in use" }
    : { type: "Ready", status: "False", reason: "Invalid", message: clipped(problems.join("; ")) };
}

function claimsFinding({ claims, claimTroubles }: PolicyFacts): Finding {
  const [first] = claimTroubles;
  const type = "ClaimsReady";
  if (!first) {
    const message = `claims made: ${String(claims)}; none is waited for`;
    return { type, status: "True", reason: "NothingMissing", message };
  }
  const message = claimTroubles.map((trouble) => trouble.message).join("; ");
  return { type, status: "False", reason: first.reason, message: clipped(message) };
}

function indexFinding({ kind, metadata }: InjectionPolicy, { overfull }: PolicyFacts): Finding {
  const type = "SecretsIndexed";
  const full = [...overfull].filter(
    ([namespace]) => kind === "ClusterInjectionPolicy" || namespace === metadata.namespace,
  );
  if (full.length === 0) {
    return { type, status: "True", reason: "Complete", message: "all labelled Secrets are known" };
  }
  const parts = full.map(([namespace, left]) => `${String(left)} in ${namespace}`);
  const message = `an index takes 1 MB; Secrets left out, the last ones by name: ${parts.join(", ")}`;
  return { type, status: "False", reason: "IndexFull", message: clipped(message) };
}

function itemsOf({ spec }: InjectionPolicy) {
  const ofPreset = spec.preset ? presets[spec.preset].items.map(({ item }) => item) : [];
  return [...ofPreset, ...(spec.inject ?? [])];
}

function makesClaims(policy: InjectionPolicy): boolean {
  return itemsOf(policy).some(({ home }) => home?.claim !== undefined);
}

function readsIndex(policy: InjectionPolicy): boolean {
  return itemsOf(policy).some(({ secret }) => secret?.label !== undefined);
}

function clipped(text: string): string {
  return text.length <= 1024 ? text : `${text.slice(0, 1023)}…`;
}

/** Writes the statuses that say something new; a policy that is gone has none. */
export async function writeStatuses(
  kube: Kube,
  policies: readonly InjectionPolicy[],
  factsOf: (policy: InjectionPolicy) => PolicyFacts,
  now: string,
): Promise<void> {
  for (const policy of policies) {
    if (policy.kind === "PodDefault") continue;
    const status = policyStatus(policy, factsOf(policy), now);
    if (isSame(policy.status, status)) continue;
    const { name, namespace } = policy.metadata;
    const resource = namespace === undefined ? clusterInjectionPolicies : injectionPolicies;
    const place = namespace === undefined ? { name } : { name, namespace };
    try {
      await kube.patch(resource, place, { status }, "status");
    } catch (error) {
      if (!hasCode(error, "not-found")) throw error;
    }
  }
}

function isSame(a: InjectionPolicyStatus | undefined, b: InjectionPolicyStatus): boolean {
  return JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
}

/** The API server gives fields in an order of its own. */
function ordered(status: InjectionPolicyStatus | undefined) {
  const conditions = (status?.conditions ?? []).map((one) => [
    one.type,
    one.status,
    one.reason,
    one.message,
    one.observedGeneration,
  ]);
  return [status?.observedGeneration, status?.claims, conditions];
}
