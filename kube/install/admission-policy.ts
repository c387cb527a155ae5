import type { KubeObject } from "#kube/kube";

/** A rule in CEL that the API server keeps by itself, without a call to anybody. */
export interface AdmissionGuard {
  readonly name: string;
  readonly spec: {
    readonly matchConstraints: object;
    readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string; readonly message: string }[];
  };
}

/** The ValidatingAdmissionPolicy of a guard, failing closed, and the binding that puts it to work. */
export function admissionPolicy(
  { name, spec }: AdmissionGuard,
  labels: Readonly<Record<string, string>>,
): readonly KubeObject[] {
  const apiVersion = "admissionregistration.k8s.io/v1";
  const metadata = { name, labels };
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        ...spec,
        validations: spec.validations.map((one) => ({ ...one, reason: "Forbidden" })),
      },
    } as KubeObject,
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions: ["Deny"] },
    } as KubeObject,
  ];
}
