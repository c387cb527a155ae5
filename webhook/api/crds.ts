import { age, renderCrd } from "#kube/crd";
import type { Column, Definition } from "#kube/crd";
import type { CustomResourceDefinition } from "#kube/objects";
import { clusterInjectionPolicies, injectionPolicies } from "#webhook/api/types";
import {
  clusterInjectionPolicySpec,
  injectionPolicySpec,
  injectionPolicyStatus,
} from "#webhook/api/crd-schemas";

const ready = `.status.conditions[?(@.type=="Ready")]`;

const columns: readonly Column[] = [
  { name: "Priority", type: "integer", jsonPath: ".spec.priority" },
  { name: "Preset", type: "string", jsonPath: ".spec.preset" },
  { name: "User", type: "string", jsonPath: ".spec.user.from" },
  { name: "Ready", type: "string", jsonPath: `${ready}.status` },
  age,
  { name: "Claims", type: "integer", jsonPath: ".status.claims", wide: true },
  { name: "Message", type: "string", jsonPath: `${ready}.message`, wide: true },
];

const definitions: readonly Definition[] = [
  {
    resource: injectionPolicies,
    shortNames: ["injpol"],
    description: "What pods of this namespace get injected when they are created.",
    spec: injectionPolicySpec,
    status: injectionPolicyStatus,
    columns,
    selectable: [],
  },
  {
    resource: clusterInjectionPolicies,
    shortNames: ["cinjpol"],
    description: "What pods get injected when they are created, in all selected namespaces.",
    spec: clusterInjectionPolicySpec,
    status: injectionPolicyStatus,
    columns,
    selectable: [],
  },
];

/** The CustomResourceDefinitions of the webhook, as they are applied. */
export const injectionCrds: readonly CustomResourceDefinition[] = definitions.map(renderCrd);
