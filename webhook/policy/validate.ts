import { clusterInjectionPolicySpec, injectionPolicySpec } from "#webhook/api/crd-schemas";
import { overbroadGroups } from "#webhook/api/names";
import type { InjectionPolicy, InjectionPolicySpec, LabelSelector } from "#webhook/api/types";
import { podProblems } from "#webhook/policy/validate-pod";
import { itemProblems } from "#webhook/policy/validate-items";
import { placeholdersIn } from "#webhook/policy/placeholders";
import { presetItemNames } from "#webhook/policy/presets";
import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";
import { shapeProblems } from "#webhook/policy/shape";

export { describeProblem } from "#webhook/policy/problem";
export type { Problem } from "#webhook/policy/problem";

/**
 * Everything that is wrong with a policy; empty when it can be used. Holds what the API server checks,
 * for policies in files, and what CEL cannot say.
 */
export function validatePolicy(policy: InjectionPolicy): readonly Problem[] {
  if (policy.kind === "PodDefault") return podDefaultProblems(policy.spec);
  const cluster = policy.kind === "ClusterInjectionPolicy";
  const schema = cluster ? clusterInjectionPolicySpec : injectionPolicySpec;
  const shape = shapeProblems(policy.spec, schema, "spec");
  if (shape.length > 0) return shape;
  const { spec } = policy;
  return [
    ...matchProblems(spec, cluster),
    ...presetProblems(spec),
    ...userProblems(spec),
    ...duplicates(spec),
    ...(spec.inject ?? []).flatMap((item, index) =>
      itemProblems(item, `spec.inject[${index}]`, spec.allowReserved ?? []),
    ),
  ];
}

/** Kubeflow has checked its own objects; what it does not know is whose labels ours are. */
function podDefaultProblems(spec: InjectionPolicySpec): readonly Problem[] {
  return [
    ...selectorProblems(spec.match?.podSelector, "spec.selector"),
    ...(spec.inject ?? []).flatMap(({ pod }) => (pod ? podProblems(pod, "spec") : [])),
  ];
}

function matchProblems({ match }: InjectionPolicySpec, cluster: boolean): readonly Problem[] {
  const misplaced =
    match?.namespaceSelector && !cluster
      ? [
          problemOf(
            "spec.match.namespaceSelector",
            undefined,
            "is not for an InjectionPolicy, which is for its own namespace",
            "leave it out, or write a ClusterInjectionPolicy",
          ),
        ]
      : [];
  return [
    ...misplaced,
    ...selectorProblems(match?.podSelector, "spec.match.podSelector"),
    ...selectorProblems(match?.namespaceSelector, "spec.match.namespaceSelector"),
  ];
}

function selectorProblems(selector: LabelSelector | undefined, path: string): readonly Problem[] {
  return (selector?.matchExpressions ?? []).flatMap(({ operator, values = [] }, index) => {
    const at = `${path}.matchExpressions[${index}].values`;
    const takesValues = operator === "In" || operator === "NotIn";
    if (takesValues && values.length === 0) {
      return [problemOf(at, undefined, "is missing", `${operator} needs at least one value`)];
    }
    return !takesValues && values.length > 0
      ? [problemOf(at, values, "is not allowed", `${operator} takes no values`)]
      : [];
  });
}

function presetProblems({
  preset,
  presetOptions,
  inject,
}: InjectionPolicySpec): readonly Problem[] {
  if (!preset) {
    if (presetOptions) {
      return [
        problemOf(
          "spec.presetOptions",
          undefined,
          "has no preset",
          "set spec.preset or leave it out",
        ),
      ];
    }
    return inject ? [] : [problemOf("spec", undefined, "injects nothing", "give inject or preset")];
  }
  const known = presetItemNames(preset);
  return (presetOptions?.without ?? []).flatMap((name, index) =>
    known.includes(name)
      ? []
      : [
          problemOf(
            `spec.presetOptions.without[${index}]`,
            name,
            `is no item of the preset ${preset}`,
            `use some of ${known.join(", ")}`,
          ),
        ],
  );
}

function userProblems({ user, preset, inject }: InjectionPolicySpec): readonly Problem[] {
  if (!user) {
    if (preset === "Datalayer") return [];
    return (inject ?? []).flatMap((item, index) => {
      const open = placeholdersIn(item);
      const needs = open.has("user") || open.has("handle") || open.has("slot");
      return needs || item.secret?.label !== undefined || item.home?.claim
        ? [
            problemOf(
              `spec.inject[${index}]`,
              item.name,
              "is for one user, and the policy names none",
              "set spec.user.from",
            ),
          ]
        : [];
    });
  }
  const misplaced =
    user.trusted && user.from !== "PodLabel"
      ? [
          problemOf(
            "spec.user.trusted",
            undefined,
            `goes with from: PodLabel, not ${user.from}`,
            "leave it out",
          ),
        ]
      : [];
  return [
    ...misplaced,
    ...(user.trusted?.groups ?? []).flatMap((group, index) =>
      overbroadGroups.includes(group)
        ? [
            problemOf(
              `spec.user.trusted.groups[${index}]`,
              group,
              "is a group that everybody is in",
              "name the ServiceAccounts that create pods for users",
            ),
          ]
        : [],
    ),
  ];
}

/** Names of items, which warnings and marks go by. */
function duplicates({ preset, presetOptions, inject }: InjectionPolicySpec): readonly Problem[] {
  const without = presetOptions?.without ?? [];
  const seen = new Set(
    preset ? presetItemNames(preset).filter((name) => !without.includes(name)) : [],
  );
  return (inject ?? []).flatMap(({ name }, index) => {
    const path = `spec.inject[${index}].name`;
    if (seen.has(name)) return [problemOf(path, name, "is taken already", "names are unique")];
    seen.add(name);
    return [];
  });
}
