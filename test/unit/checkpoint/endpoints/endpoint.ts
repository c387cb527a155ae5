import {
  capabilitiesAnnotation,
  endpointAccount,
  endpointLabel,
  type Capabilities,
  type ContainerEndpoint,
} from "#checkpoint/api/endpoint";
import type { Lease } from "#kube/resources";

export const now = Date.parse("2026-11-21T12:00:00Z");

export const capabilities: Capabilities = {
  ...{ cpu: "8", memory: "32Gi", gpus: 1, type: "podman" },
  labels: { "kubernetes.io/arch": "amd64", zone: "home" },
};

/** An endpoint that takes notebooks, heard every 30 s. */
export function makeEndpoint(over: Partial<ContainerEndpoint["spec"]> = {}): ContainerEndpoint {
  return {
    ...{ apiVersion: "clouder.datalayer.io/v1alpha1", kind: "ContainerEndpoint" },
    metadata: { name: "lab", namespace: "team", uid: "uid-1", generation: 1 },
    spec: {
      ...{ url: "https://lab.example:8443", workloadClasses: ["notebook"], heartbeatSeconds: 30 },
      ...over,
    },
  };
}

/** Its Lease, renewed so many seconds ago. */
export function makeLease(secondsAgo: number, annotations: Record<string, string> = {}): Lease {
  return {
    ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
    metadata: {
      ...{ name: endpointAccount("lab"), namespace: "team", labels: { [endpointLabel]: "lab" } },
      annotations: { [capabilitiesAnnotation]: JSON.stringify(capabilities), ...annotations },
    },
    spec: { renewTime: new Date(now - secondsAgo * 1000).toISOString().replace("Z", "000Z") },
  };
}
