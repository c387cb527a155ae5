import { injectionLabels } from "#webhook/api/names";
import type { Wish } from "#webhook/injection/wish";
import { compileAll } from "#webhook/policy/compile";
import type { CompiledItem, CompiledPolicy } from "#webhook/policy/compile";
import { isTrusted } from "#webhook/policy/creators";
import { exemption } from "#webhook/policy/exempt";
import { meaningOf, namespaceFacts, slotOf, userFacts } from "#webhook/policy/facts";
import { identify } from "#webhook/policy/identity";
import { filledItem } from "#webhook/policy/filled-item";
import type { KnownWorld } from "#webhook/policy/known";
import type { Facts } from "#webhook/policy/placeholders";
import type { IndexedSecret, PodRequest, WantedClaim, Wishes } from "#webhook/policy/request";
import { labelOf } from "#webhook/policy/selector";
import type { Labels } from "#webhook/policy/selector";

type Considered = Wishes["considered"][number];

interface Draft {
  readonly request: PodRequest;
  readonly world: KnownWorld;
  readonly namespaceLabels: Labels;
  readonly considered: Considered[];
  readonly wishes: Wish[];
  readonly warnings: Set<string>;
  readonly claims: WantedClaim[];
  user?: string;
  refusal?: string;
}

/**
 * What the policies wish for a pod. The order of the world's policies never matters; the answer
 * depends on the request and the world alone.
 */
export function wishesFor(request: PodRequest, world: KnownWorld): Wishes {
  const policies = compileAll(world.policies(request.namespace));
  if (policies.length === 0) return { wishes: [], warnings: [], considered: [], claims: [] };
  const namespaceLabels = world.namespaceLabels(request.namespace);
  const exempt = exemption(request, namespaceLabels);
  const draft: Draft = {
    request,
    world,
    namespaceLabels,
    considered: [],
    wishes: [],
    warnings: new Set(),
    claims: [],
  };
  for (const policy of policies) {
    const reason = exempt ?? policy.mismatch(request.pod, request.namespace, namespaceLabels);
    if (reason !== undefined) {
      draft.considered.push({ policy: policy.name, matched: false, reason });
    } else {
      draft.considered.push(consider(policy, draft));
      if (draft.refusal !== undefined) break;
    }
  }
  return finished(draft);
}

function finished(draft: Draft): Wishes {
  const { considered, user, refusal } = draft;
  const refused = refusal !== undefined;
  return {
    wishes: refused ? [] : lastPodDefaultWins(draft.wishes),
    claims: refused ? [] : draft.claims,
    warnings: [...draft.warnings],
    considered,
    ...(user === undefined ? {} : { user }),
    ...(refused ? { refusal } : {}),
  };
}

function consider(policy: CompiledPolicy, draft: Draft): Considered {
  const { name, invalid } = policy;
  if (invalid !== undefined) {
    draft.warnings.add(`${name} is not valid and was left out: ${invalid}`);
    return { policy: name, matched: false, reason: `it is not valid: ${invalid}` };
  }
  const facts = factsFor(policy, draft);
  if (typeof facts === "string") return { policy: name, matched: false, reason: facts };
  const missing = new Set<string>();
  for (const item of policy.items) wishItem(item, facts, draft, missing);
  const reason = missing.size > 0 ? `matches, without ${[...missing].join(", ")}` : "matches";
  return { policy: name, matched: true, reason };
}

/** What the policy may fill in; a text is why it is left out altogether. */
function factsFor(policy: CompiledPolicy, draft: Draft): Facts | string {
  const { request, world, namespaceLabels } = draft;
  const facts = namespaceFacts(request.namespace, namespaceLabels);
  const { identity, name } = policy;
  if (!identity) return facts;
  const found = identify(identity, request, world, namespaceLabels);
  if (found.kind === "none") return withSlot(facts, policy, draft);
  const user = found.kind === "believed" ? found.user : undefined;
  const reason = found.kind === "believed" ? otherUser(found.user, draft) : found.reason;
  if (user !== undefined && reason === undefined) {
    draft.user = user;
    return withSlot(userFacts(facts, user, request), policy, draft);
  }
  const text = `${name}: ${reason ?? ""}`;
  if (found.kind === "contradicted" || identity.untrusted === "Refuse") draft.refusal = text;
  else draft.warnings.add(`nothing injected by ${text}`);
  return reason ?? "";
}

/** A pod gets one user's things only. */
function otherUser(user: string, draft: Draft): string | undefined {
  return draft.user === undefined || draft.user === user
    ? undefined
    : `it finds user ${user}, a policy of higher precedence found ${draft.user}`;
}

function withSlot(facts: Facts, { identity }: CompiledPolicy, draft: Draft): Facts {
  const { request, namespaceLabels } = draft;
  const believed =
    labelOf(namespaceLabels, injectionLabels.user) !== undefined ||
    isTrusted(request.creator, request.pod, identity?.trusted);
  const slot = believed ? slotOf(request) : undefined;
  return slot === undefined ? facts : { ...facts, slot };
}

function wishItem(compiled: CompiledItem, facts: Facts, draft: Draft, missing: Set<string>): void {
  if (compiled.applies && !compiled.applies(draft.request.pod)) return;
  if (compiled.fixed) {
    draft.wishes.push(...compiled.fixed);
    return;
  }
  const absent = compiled.needs.find((placeholder) => facts[placeholder] === undefined);
  if (absent !== undefined) {
    missing.add(`${compiled.item.name} (no ${absent})`);
    // A pod that names no user is an ordinary one, and nothing to be warned of.
    if (compiled.quiet || absent === "user" || absent === "handle") return;
    const { item, policy } = compiled.source;
    const why = `{${absent}} is ${meaningOf(absent)}, which is not set`;
    draft.warnings.add(`item ${item} of ${policy} is left out: ${why}`);
    return;
  }
  wishFilled(compiled, facts, draft);
}

function wishFilled(compiled: CompiledItem, facts: Facts, draft: Draft): void {
  const { request, world } = draft;
  const secrets = compiled.item.secret ? world.secrets(request.namespace) : noSecrets;
  const { wishes, warnings, claim } = filledItem(compiled, facts, request.namespace, secrets);
  for (const wish of wishes) draft.wishes.push(wish);
  for (const warning of warnings) draft.warnings.add(warning);
  if (claim) draft.claims.push(claim);
}

const noSecrets: readonly IndexedSecret[] = [];

/** Kubeflow's rule for what a pod has one of: the PodDefault whose name comes last decides. */
function lastPodDefaultWins(wishes: readonly Wish[]): readonly Wish[] {
  const last = new Map<string, Wish>();
  for (const wish of wishes) if (isAccountOfPodDefault(wish)) last.set(wish.part.kind, wish);
  if (last.size === 0) return wishes;
  return wishes.filter((wish) => !isAccountOfPodDefault(wish) || last.get(wish.part.kind) === wish);
}

function isAccountOfPodDefault({ source, part }: Wish): boolean {
  const accounts = part.kind === "serviceAccount" || part.kind === "automountToken";
  return accounts && source.policy.startsWith("PodDefault/");
}
