import type { Pod } from "#kube/objects";
import { runtimeLabels } from "#webhook/api/names";
import type {
  InjectionItem,
  InjectionPolicy,
  InjectionPolicySpec,
  UserIdentity,
} from "#webhook/api/types";
import type { Wish, WishSource } from "#webhook/injection/wish";
import { defaultClaimName } from "#webhook/policy/claims";
import { partsOf } from "#webhook/policy/parts";
import { placeholdersIn } from "#webhook/policy/placeholders";
import type { Placeholder } from "#webhook/policy/placeholders";
import { podDefaultExclude } from "#webhook/policy/pod-default";
import { byPrecedence, policyName } from "#webhook/policy/precedence";
import { presets } from "#webhook/policy/presets";
import type { PresetItem, PresetRecipe } from "#webhook/policy/presets";
import { labelOf, selectorTest } from "#webhook/policy/selector";
import type { LabelTest, Labels } from "#webhook/policy/selector";
import { describeProblem, validatePolicy } from "#webhook/policy/validate";

/** A policy made ready once for all the pods it will meet. */
export interface CompiledPolicy {
  readonly policy: InjectionPolicy;
  readonly name: string;
  /** Set: it is not used, and this is the first reason. */
  readonly invalid: string | undefined;
  readonly identity: UserIdentity | undefined;
  readonly items: readonly CompiledItem[];
  /** Why it has no business with a pod; undefined when it has. */
  mismatch(pod: Pod, namespace: string, namespaceLabels: Labels): string | undefined;
}

export interface CompiledItem {
  readonly item: InjectionItem;
  readonly source: WishSource;
  readonly needs: readonly Placeholder[];
  readonly applies: ((pod: Pod) => boolean) | undefined;
  readonly quiet: boolean;
  /** What each of its wishes has beside its part. */
  readonly base: Omit<Wish, "part">;
  /** Set when the item is the same for all pods. */
  readonly fixed: readonly Wish[] | undefined;
}

const compiledPolicies = new WeakMap<InjectionPolicy, CompiledPolicy>();
const sortedLists = new WeakMap<readonly InjectionPolicy[], readonly CompiledPolicy[]>();

/** The policies in order of precedence; the work is done once per list and once per policy object. */
export function compileAll(policies: readonly InjectionPolicy[]): readonly CompiledPolicy[] {
  let sorted = sortedLists.get(policies);
  if (!sorted) {
    sorted = [...policies].sort(byPrecedence).map(compile);
    sortedLists.set(policies, sorted);
  }
  return sorted;
}

function compile(policy: InjectionPolicy): CompiledPolicy {
  let compiled = compiledPolicies.get(policy);
  if (!compiled) compiledPolicies.set(policy, (compiled = compiledAnew(policy)));
  return compiled;
}

function compiledAnew(policy: InjectionPolicy): CompiledPolicy {
  const name = policyName(policy);
  const [problem] = validatePolicy(policy);
  if (problem) return invalidPolicy(policy, name, describeProblem(problem));
  const { spec } = policy;
  const preset = spec.preset ? presets[spec.preset] : undefined;
  const without = spec.presetOptions?.without ?? [];
  const fromPreset = (preset?.items ?? []).filter(({ item }) => !without.includes(item.name));
  const own = (spec.inject ?? []).map((item): PresetItem => ({ item }));
  return {
    policy,
    name,
    invalid: undefined,
    identity: spec.user ?? preset?.user,
    items: [...fromPreset, ...own].map((one) => compileItem(one, policy, name)),
    mismatch: mismatchOf(policy, preset),
  };
}

/** Whom it would have concerned is told, where its shape lets that be known. */
function invalidPolicy(policy: InjectionPolicy, name: string, invalid: string): CompiledPolicy {
  let mismatch: CompiledPolicy["mismatch"] = () => `it is not valid: ${invalid}`;
  try {
    mismatch = mismatchOf(policy, undefined);
  } catch {
    // The match itself is what is wrong.
  }
  return { policy, name, invalid, identity: undefined, items: [], mismatch };
}

function compileItem(one: PresetItem, policy: InjectionPolicy, name: string): CompiledItem {
  const item = withDefaults(one.item);
  const source = { policy: name, item: item.name };
  const needs = policy.kind === "PodDefault" ? [] : neededBy(item);
  const base = { source, ...rulesOf(item, policy.spec) };
  const isFixed = needs.length === 0 && !item.secret && !item.home;
  const context = { secrets: [], user: undefined, allowReserved: [], warn: () => undefined };
  return {
    item,
    source,
    needs,
    applies: one.applies,
    quiet: one.quiet ?? false,
    base,
    fixed: isFixed ? partsOf(item, context).map((part) => ({ ...base, part })) : undefined,
  };
}

function rulesOf(item: InjectionItem, spec: InjectionPolicySpec): Omit<Wish, "part" | "source"> {
  const { conflict = "Keep", mergeMode = "Priority", containers = {}, allowReserved = [] } = spec;
  return {
    conflict: item.conflict ?? conflict,
    mergeMode: item.conflict === undefined ? mergeMode : "Priority",
    containers: item.containers ?? containers,
    allowReserved,
  };
}

function withDefaults(item: InjectionItem): InjectionItem {
  const claim = item.home?.claim;
  return item.home && claim
    ? { ...item, home: { ...item.home, claim: { name: defaultClaimName, ...claim } } }
    : item;
}

function neededBy(item: InjectionItem): readonly Placeholder[] {
  const needs = new Set(placeholdersIn(item));
  if (item.secret?.label !== undefined || item.home?.claim) needs.add("user");
  return [...needs];
}

function mismatchOf(
  { kind, metadata, spec }: InjectionPolicy,
  preset: PresetRecipe | undefined,
): CompiledPolicy["mismatch"] {
  const home = kind === "ClusterInjectionPolicy" ? undefined : metadata.namespace;
  const selectsNamespace: LabelTest = selectorTest(spec.match?.namespaceSelector);
  const selectsPod: LabelTest = selectorTest(spec.match?.podSelector);
  const special = [
    ...(spec.match?.runtimeTypes ? [typeMismatch(spec.match.runtimeTypes)] : []),
    ...(kind === "PodDefault" ? [exclusion] : []),
    ...(preset?.mismatch ? [preset.mismatch] : []),
  ];
  return (pod, namespace, namespaceLabels) => {
    if (home !== undefined && home !== namespace) return `the pod is not in namespace ${home}`;
    if (!selectsPod(pod.metadata.labels ?? noLabels)) {
      return "its podSelector does not select the pod's labels";
    }
    if (!selectsNamespace(namespaceLabels)) {
      return "its namespaceSelector does not select the namespace's labels";
    }
    for (const mismatch of special) {
      const reason = mismatch(pod);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
}

const noLabels: Labels = {};

function typeMismatch(types: readonly string[]): (pod: Pod) => string | undefined {
  const reason = `the pod's ${runtimeLabels.runtimeType} is none of ${types.join(", ")}`;
  return ({ metadata }) =>
    types.includes(labelOf(metadata.labels, runtimeLabels.runtimeType) ?? "") ? undefined : reason;
}

function exclusion({ metadata }: Pod): string | undefined {
  return labelOf(metadata.annotations, podDefaultExclude) === "true"
    ? `the pod is annotated ${podDefaultExclude}=true`
    : undefined;
}
