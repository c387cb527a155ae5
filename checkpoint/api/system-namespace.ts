import { systemNamespace } from "#checkpoint/api/names";
import { commonLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";

/** The namespace of all our programs; whoever installs one of them applies the same object. */
export function systemNamespaceObject(): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: systemNamespace,
      labels: {
        ...commonLabels,
        // The agent mounts folders of the node, which Pod Security's lower levels forbid.
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/audit": "privileged",
        "pod-security.kubernetes.io/warn": "privileged",
      },
    },
  };
}
