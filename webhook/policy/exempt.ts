import { annotations, runtimeClassName } from "#checkpoint/api/names";
import { exemptNamespaces, injectionLabels } from "#webhook/api/names";
import type { PodRequest } from "#webhook/policy/request";
import { labelOf } from "#webhook/policy/selector";
import type { Labels } from "#webhook/policy/selector";

const mirrorPod = "kubernetes.io/config.mirror";

/**
 * Why no policy at all may touch a pod. The webhook's configuration keeps such pods away already;
 * this also holds where it was edited, and for `inject explain`.
 */
export function exemption(request: PodRequest, namespaceLabels: Labels): string | undefined {
  const { labels, annotations: notes } = request.pod.metadata;
  if (exemptNamespaces.includes(request.namespace)) {
    return `pods of the namespace ${request.namespace} are never injected`;
  }
  if (labelOf(namespaceLabels, injectionLabels.inject) === "disabled") {
    return `the namespace is labelled ${injectionLabels.inject}=disabled`;
  }
  if (labelOf(labels, injectionLabels.inject) === "disabled") {
    return `the pod is labelled ${injectionLabels.inject}=disabled`;
  }
  if (labelOf(notes, mirrorPod) !== undefined) return "mirror pods are the kubelet's";
  // Without the RuntimeClass the annotation restores nothing and would only keep policies away.
  const restored = request.pod.spec.runtimeClassName === runtimeClassName;
  if (restored && labelOf(notes, annotations.restore) !== undefined) {
    return "a restored pod holds already what was injected into its original";
  }
  return undefined;
}
