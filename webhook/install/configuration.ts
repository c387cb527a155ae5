import { annotations, runtimeClassName, systemNamespace } from "#checkpoint/api/names";
import type { MutatingWebhookConfiguration } from "#kube/admission";
import { componentLabels } from "#kube/install/labels";
import {
  exemptNamespaces,
  injectionLabels,
  servingSecretName,
  webhookConfigurationName,
  webhookName,
} from "#webhook/api/names";
import type { Certificates, WebhookSettings } from "#webhook/install/settings";

/**
 * Which namespaces are sent to the webhook. Those that a cluster needs to start and the webhook's own are
 * left out by name: a label could be taken off, kubernetes.io/metadata.name is the API server's own.
 */
export function namespaceSelector({
  excludedNamespaces,
  namespaces,
}: WebhookSettings): Readonly<Record<string, unknown>> {
  const names = [...new Set([...exemptNamespaces, ...excludedNamespaces])];
  const key = injectionLabels.inject;
  return {
    matchExpressions: [
      { key: "kubernetes.io/metadata.name", operator: "NotIn", values: names },
      { key, operator: "NotIn", values: ["disabled"] },
      ...(namespaces === "labelled"
        ? [{ key, operator: "In", values: ["enabled", "required"] }]
        : []),
    ],
  };
}

/** By this cert-manager's cainjector knows whose authority belongs into the caBundle. */
const injectFrom = "cert-manager.io/inject-ca-from";

/** Who makes the certificates of a configuration that is there. */
export function certificateMode({ metadata }: MutatingWebhookConfiguration): Certificates["mode"] {
  return metadata.annotations?.[injectFrom] === undefined ? "own" : "cert-manager";
}

/**
 * The MutatingWebhookConfiguration. It has no caBundle: that is the controller's field (or
 * cert-manager's), and server-side apply leaves alone what is not named.
 */
export function webhookConfiguration(settings: WebhookSettings): MutatingWebhookConfiguration {
  const { certificates, failurePolicy, timeoutSeconds } = settings;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: {
      name: webhookName,
      labels: componentLabels("webhook"),
      ...(certificates.mode === "cert-manager"
        ? { annotations: { [injectFrom]: `${systemNamespace}/${servingSecretName}` } }
        : {}),
    },
    webhooks: [
      {
        name: webhookConfigurationName,
        admissionReviewVersions: ["v1"],
        clientConfig: {
          service: { name: webhookName, namespace: systemNamespace, path: "/mutate", port: 443 },
        },
        // Pods only, when they are made: templates would be injected twice, and nothing that an
        // update may change is ours.
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["pods"],
            scope: "Namespaced",
          },
        ],
        matchPolicy: "Equivalent",
        namespaceSelector: namespaceSelector(settings),
        objectSelector: {
          matchExpressions: [
            { key: injectionLabels.inject, operator: "NotIn", values: ["disabled"] },
          ],
        },
        matchConditions: [...matchConditions],
        failurePolicy,
        // Events are left out of dry runs.
        sideEffects: "NoneOnDryRun",
        timeoutSeconds,
        reinvocationPolicy: "IfNeeded",
      },
    ],
  };
}

/**
 * CEL for a pod that goes on from a checkpoint. Without the RuntimeClass the annotation restores
 * nothing and would only keep policies away.
 */
export const restoredPod = `'${annotations.restore}' in object.metadata.?annotations.orValue({}) && object.spec.?runtimeClassName.orValue('') == '${runtimeClassName}'`;

/** Evaluated by the API server: pods for which one is false never leave it. */
export const matchConditions = [
  // Static pods of control planes; the kubelet could not create them otherwise.
  { name: "no-mirror-pod", expression: lacksAnnotation("kubernetes.io/config.mirror") },
  {
    name: "no-own-pod",
    expression:
      "object.metadata.?labels[?'app.kubernetes.io/part-of'].orValue('') != 'kubectl-clouder'",
  },
  // Its template already holds what was injected.
  { name: "no-restored-pod", expression: `!(${restoredPod})` },
  // Networks, DNS and storage drivers, which the webhook itself waits for.
  {
    name: "no-critical-pod",
    expression: "!object.spec.?priorityClassName.orValue('').startsWith('system-')",
  },
] as const;

function lacksAnnotation(key: string): string {
  return `!('${key}' in object.metadata.?annotations.orValue({}))`;
}
