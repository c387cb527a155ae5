import { object } from "#kube/schema";
import type { Rule } from "#kube/schema";
import { conditions, generation, label } from "#kube/schema-parts";
import { item } from "#webhook/api/item-schemas";
import { overbroadGroups } from "#webhook/api/names";
import {
  conflict,
  containers,
  flag,
  labelKey,
  only,
  selector,
  shortText,
  shortTexts,
  variable,
} from "#webhook/api/schema-parts";
import type { InjectionPolicySpec, InjectionPolicyStatus, UserIdentity } from "#webhook/api/types";

type Trusted = NonNullable<UserIdentity["trusted"]>;

const groups = overbroadGroups.map((name) => `'${name}'`).join(", ");

const user = object<UserIdentity>(
  { from: true },
  {
    from: { type: "string", enum: ["PodLabel", "Namespace", "ServiceAccount"] },
    key: { ...labelKey, description: "Key of the label that holds the user's uid." },
    trusted: object<Trusted>(
      {},
      {
        serviceAccounts: {
          type: "array",
          maxItems: 32,
          items: object<NonNullable<Trusted["serviceAccounts"]>[number]>(
            { namespace: true, name: true },
            { namespace: label, name: shortText },
          ),
        },
        groups: {
          ...shortTexts,
          ...only(
            `!self.exists(group, group in [${groups}])`,
            "groups must not hold one that everybody is in",
          ),
        },
      },
    ),
    subjectAccessReview: {
      ...flag,
      description: "Believe creators who may use injectionusers/<uid>; default true.",
    },
    untrusted: {
      type: "string",
      enum: ["Refuse", "SkipAndWarn"],
      description: "Default SkipAndWarn.",
    },
  },
  only(
    "self.from == 'PodLabel' || !has(self.trusted)",
    "trusted goes with from: PodLabel, the only one that is the pod's word",
  ),
);

const needsUser = [
  "has(i.secret) && has(i.secret.label)",
  "has(i.secret) && has(i.secret.name) && i.secret.name.contains('{user}')",
  "has(i.home) && has(i.home.claim)",
  "has(i.home) && has(i.home.shared) && i.home.shared.subPath.contains('{user}')",
].join(" || ");

const rules: readonly Rule[] = [
  { rule: "has(self.preset) || has(self.inject)", message: "give inject or preset" },
  {
    rule: "has(self.preset) || !has(self.presetOptions)",
    message: "presetOptions goes with preset",
  },
  {
    rule: `has(self.user) || (has(self.preset) && self.preset == 'Datalayer') || !has(self.inject) || !self.inject.exists(i, ${needsUser})`,
    message: "an item is for one user: say under user where the user is read",
  },
];

const namespacedOnly: Rule = {
  rule: "!has(self.match) || !has(self.match.namespaceSelector)",
  message: "match.namespaceSelector goes with a ClusterInjectionPolicy only",
};

const spec = (more: readonly Rule[]) =>
  object<InjectionPolicySpec>(
    {},
    {
      match: object<NonNullable<InjectionPolicySpec["match"]>>(
        {},
        {
          podSelector: selector,
          namespaceSelector: selector,
          runtimeTypes: {
            ...shortTexts,
            description: "Values of the label runtime-pools.datalayer.io/runtime-type.",
          },
        },
      ),
      priority: { type: "integer", format: "int32", description: "Higher comes first; default 0." },
      user,
      conflict,
      mergeMode: { type: "string", enum: ["Priority", "PodDefault", "PodPreset"] },
      containers,
      preset: { type: "string", enum: ["Datalayer", "Checkpointable"] },
      presetOptions: object<NonNullable<InjectionPolicySpec["presetOptions"]>>(
        {},
        { without: { ...shortTexts, description: "Items of the preset that are left out." } },
      ),
      allowReserved: { type: "array", maxItems: 64, items: variable },
      inject: {
        type: "array",
        minItems: 1,
        maxItems: 32,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: item,
      },
    },
    { "x-kubernetes-validations": [...rules, ...more] },
  );

export const injectionPolicySpec = spec([namespacedOnly]);
export const clusterInjectionPolicySpec = spec([]);

export const injectionPolicyStatus = object<InjectionPolicyStatus>(
  {},
  { observedGeneration: generation, conditions, claims: { type: "integer", format: "int32" } },
);
