import { componentLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";

/** Parts that the pods of our programs have in common. */

/** An environment variable with a field of the pod. */
export function fieldVariable(name: string, fieldPath: string) {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/** By these a program knows its own pod. */
export const podEnvironment = [
  fieldVariable("POD_NAME", "metadata.name"),
  fieldVariable("POD_NAMESPACE", "metadata.namespace"),
] as const;

export interface Probing {
  /** Name of the container's port. */
  readonly port: string;
  readonly scheme?: "HTTP" | "HTTPS";
  /** How long a program may take until it answers at all. */
  readonly startSeconds: number;
  readonly readyEverySeconds: number;
}

/** The three probes, at /healthz and /readyz. */
export function probes({ port, scheme, startSeconds, readyEverySeconds }: Probing) {
  const httpGet = { port, ...(scheme === undefined ? {} : { scheme }) };
  const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
    httpGet: { path, ...httpGet },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 5,
  });
  return {
    startupProbe: probe("/healthz", 1, startSeconds),
    livenessProbe: probe("/healthz", 20, 3),
    readinessProbe: probe("/readyz", readyEverySeconds, 2),
  };
}

/** Of every container of ours, root or not. */
export const confined = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Of containers that need nothing of their node. */
export const unprivileged = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  capabilities: { drop: ["ALL"] },
  ...confined,
} as const;

/** Replicas on different nodes where there are such. */
export function spread(labels: Readonly<Record<string, string>>) {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: labels },
      // Without it the pods of the version before would count while a new one rolls out.
      matchLabelKeys: ["pod-template-hash"],
    },
  ];
}

export interface Budgeted {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
}

/** The PodDisruptionBudget of a component; `spec` says how many must stay. */
export function disruptionBudget(
  { name, namespace, component }: Budgeted,
  spec: { readonly minAvailable: number; readonly unhealthyPodEvictionPolicy?: "AlwaysAllow" },
): KubeObject {
  const labels = componentLabels(component);
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace, labels },
    spec: { ...spec, selector: { matchLabels: labels } },
  } as KubeObject;
}
