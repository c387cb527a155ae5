import type { KubeObject, ObjectMeta } from "#kube/kube";
import type { PodCondition, SelfSubjectAccessReview } from "#kube/objects";

/** Kinds around admission, as far as we use them. */

/** Made, never stored: the answer is in the status. Asks about somebody else. */
export interface SubjectAccessReview {
  readonly apiVersion: "authorization.k8s.io/v1";
  readonly kind: "SubjectAccessReview";
  readonly metadata: ObjectMeta;
  readonly spec: SelfSubjectAccessReview["spec"] & {
    readonly user: string;
    readonly groups?: readonly string[];
    readonly uid?: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly status?: {
    readonly allowed: boolean;
    readonly denied?: boolean;
    readonly reason?: string;
  };
}

export interface MutatingWebhookConfiguration extends KubeObject {
  readonly kind: "MutatingWebhookConfiguration";
  readonly webhooks?: readonly {
    readonly name: string;
    readonly failurePolicy?: "Fail" | "Ignore";
    readonly timeoutSeconds?: number;
    readonly clientConfig: {
      /** Base64 of PEM certificates. */
      readonly caBundle?: string;
      readonly [field: string]: unknown;
    };
    readonly [field: string]: unknown;
  }[];
}

/** A validating or mutating policy in CEL, or its binding. */
export interface AdmissionPolicy extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** cert-manager's request for a certificate. */
export interface Certificate extends KubeObject {
  readonly kind: "Certificate";
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: { readonly conditions?: readonly PodCondition[] };
}
