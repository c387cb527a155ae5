import { labels } from "#checkpoint/api/names";
import { ClouderError } from "#core/error";
import type { KubeObject } from "#kube/kube";
import { exemptNamespaces, injectionLabels, runtimeLabels } from "#webhook/api/names";
import type { InjectionPolicy } from "#webhook/api/types";
import { hasLabel, type Mutation, mutationOf } from "#webhook/export/mutations";
import { matchConditions } from "#webhook/install/configuration";
import { type CompiledItem, compileAll } from "#webhook/policy/compile";
import { partsOf } from "#webhook/policy/parts";

export interface ExportedPolicy {
  /** The policy and its binding. */
  readonly objects: readonly KubeObject[];
  /** What only the webhook can do, a sentence each. */
  readonly left: readonly string[];
}

/**
 * The static part of a policy as a MutatingAdmissionPolicy, which API servers since Kubernetes 1.36
 * evaluate themselves. `refused` when nothing of it is static.
 */
export function mutatingPolicy(policy: InjectionPolicy): ExportedPolicy {
  const [compiled] = compileAll([policy]);
  if (!compiled) throw new ClouderError("internal", "a policy went missing");
  if (compiled.invalid !== undefined) {
    throw new ClouderError("refused", `${compiled.name} is not valid: ${compiled.invalid}`);
  }
  // Each source goes in front of those before it: the last one first, so that their order stays.
  const others = compiled.items.filter((one) => !isSource(one));
  const sources = compiled.items.filter(isSource).reverse();
  const done = [...others, ...sources].map(itemMutations);
  const mutations = done.flatMap((item) => item.mutations);
  const left = [...done.flatMap((item) => item.left), ...leftOf(policy)];
  if (mutations.length === 0) {
    throw new ClouderError("refused", `nothing of ${compiled.name} can be expressed in CEL`, {
      hint: left.join("; "),
    });
  }
  const name = `clouder-${policy.metadata.namespace ?? "cluster"}-${policy.metadata.name}`;
  const apiVersion = "admissionregistration.k8s.io/v1";
  const rules = {
    apiGroups: [""],
    apiVersions: ["v1"],
    operations: ["CREATE"],
    resources: ["pods"],
  };
  const objects: readonly KubeObject[] = [
    {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        reinvocationPolicy: "IfNeeded",
        matchConstraints: {
          matchPolicy: "Equivalent",
          resourceRules: [rules],
          namespaceSelector: namespacesOf(policy),
          objectSelector: podsOf(policy),
        },
        matchConditions: [...matchConditions, ...conditionsOf(policy)],
        mutations,
      },
    } as KubeObject,
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name },
    } as KubeObject,
  ];
  return { objects, left };
}

function isSource({ item }: CompiledItem): boolean {
  return item.envFrom !== undefined || item.secret?.as === "EnvFrom";
}

function itemMutations(compiled: CompiledItem): {
  readonly mutations: readonly Mutation[];
  readonly left: readonly string[];
} {
  const { item, needs, base } = compiled;
  const no = (reason: string) => ({ mutations: [], left: [`item ${item.name}: ${reason}`] });
  if (needs.length > 0) {
    return no(`needs to know the pod's ${needs.join(", ")}, and whether to believe it`);
  }
  if (base.conflict === "Refuse" || base.conflict === "Override") {
    return no(`its conflict rule is ${base.conflict}; a merge can only keep what is there`);
  }
  const context = { secrets: [], user: undefined, allowReserved: base.allowReserved };
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const made = partsOf(item, { ...context, warn }).map((part) => mutationOf(part, base.containers));
  const mutations = made.filter((one) => typeof one !== "string");
  const reasons = [...made.filter((one) => typeof one === "string"), ...warnings];
  if (base.conflict === "SkipAndWarn") reasons.push("is kept out silently, without the warning");
  if (isSource(compiled)) mutations.reverse();
  return { mutations, left: [...new Set(reasons)].map((one) => `item ${item.name}: ${one}`) };
}

function leftOf({ kind, spec }: InjectionPolicy): readonly string[] {
  return [
    ...(kind === "PodDefault" || (spec.mergeMode ?? "Priority") !== "Priority"
      ? ["differing wishes do not refuse the pod: what is there first is kept"]
      : []),
    ...(spec.user?.untrusted === "Refuse" ? ["pods with a forged user are not refused"] : []),
    "pods get no marks, creators no warnings, owners no Events; there are no metrics",
  ];
}

/** As the webhook's own configuration leaves namespaces out, and as the policy chooses them. */
function namespacesOf({ kind, metadata, spec }: InjectionPolicy): object {
  const wanted = spec.match?.namespaceSelector ?? {};
  const name = "kubernetes.io/metadata.name";
  const own =
    kind === "ClusterInjectionPolicy"
      ? { key: name, operator: "NotIn", values: [...exemptNamespaces] }
      : { key: name, operator: "In", values: [metadata.namespace ?? ""] };
  return { ...wanted, matchExpressions: [own, notDisabled, ...(wanted.matchExpressions ?? [])] };
}

function podsOf({ spec }: InjectionPolicy): object {
  const wanted = spec.match?.podSelector ?? {};
  return { ...wanted, matchExpressions: [notDisabled, ...(wanted.matchExpressions ?? [])] };
}

const notDisabled = { key: injectionLabels.inject, operator: "NotIn", values: ["disabled"] };

function conditionsOf({ spec }: InjectionPolicy): readonly object[] {
  const types = spec.match?.runtimeTypes;
  return [
    ...(types
      ? [{ name: "runtime-type", expression: hasLabel(runtimeLabels.runtimeType, types) }]
      : []),
    ...(spec.preset === "Checkpointable"
      ? [
          { name: "checkpointable", expression: hasLabel(labels.checkpoint, ["true"]) },
          { name: "no-windows", expression: "object.spec.?os.?name.orValue('') != 'windows'" },
        ]
      : []),
  ];
}
