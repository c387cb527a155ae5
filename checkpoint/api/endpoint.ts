import { apiGroup, apiVersion } from "#checkpoint/api/names";
import type { Condition } from "#kube/conditions";
import type { KubeObject, Resource } from "#kube/kube";
import type { Lease } from "#kube/resources";

/** A machine outside of the cluster that runs containers for workloads of this namespace. */
export interface ContainerEndpoint extends KubeObject {
  readonly kind: "ContainerEndpoint";
  readonly spec: EndpointSpec;
  readonly status?: EndpointStatus;
}

export interface EndpointSpec {
  /** Where containers are started: https, checked against `caBundle` where that is given. */
  readonly url: string;
  /** PEM, base64. */
  readonly caBundle?: string;
  /** What it is for: notebook, batch, … */
  readonly workloadClasses: readonly string[];
  /** The URL's addresses must lie in one of these; absent: anywhere. */
  readonly allowedCIDRs?: readonly string[];
  /** How often it promises to be heard; three missed ones end its readiness. */
  readonly heartbeatSeconds: number;
}

/** Written by the controller alone: an endpoint can claim things, and never that it is ready. */
export interface EndpointStatus {
  readonly observedGeneration?: number;
  readonly capabilities?: Capabilities;
  /** Its workload classes while it is ready. */
  readonly availableFor?: readonly string[];
  readonly conditions?: readonly Condition[];
}

/** What an endpoint says of itself. */
export interface Capabilities {
  /** Quantities of Kubernetes. */
  readonly cpu: string;
  readonly memory: string;
  readonly gpus: number;
  /** What runs the containers: podman, containerd, docker, … */
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const containerEndpoints: Resource<ContainerEndpoint> = {
  apiVersion,
  kind: "ContainerEndpoint",
  plural: "containerendpoints",
  namespaced: true,
};

/** Its ServiceAccount, Role, RoleBinding and Lease are called so. */
export const endpointAccount = (name: string) => `endpoint-${name}`;

export const endpointLabel = `${apiGroup}/endpoint`;
/** Of its Lease, the one object that it may write. */
export const capabilitiesAnnotation = `${apiGroup}/capabilities`;
export const troubleAnnotation = `${apiGroup}/trouble`;

/** Heartbeats that may be missed. */
export const missedBeats = 3;

/** When an endpoint was last heard, in ms; undefined before its first heartbeat. */
export function lastHeard(lease: Lease | undefined): number | undefined {
  const at = Date.parse(lease?.spec.renewTime ?? "");
  return Number.isNaN(at) ? undefined : at;
}

const quantity = /^\d+(\.\d+)?(m|[kMGT]i?)?$/;
const word = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const labelName = /^([a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const longest = 8192;

const isText = (value: unknown, like: RegExp) => typeof value === "string" && like.test(value);

const forms: Readonly<Record<keyof Capabilities, (value: unknown) => boolean>> = {
  cpu: (value) => isText(value, quantity),
  memory: (value) => isText(value, quantity),
  gpus: (value) => Number.isInteger(value) && Number(value) >= 0,
  type: (value) => isText(value, word),
  labels: (value) => {
    if (typeof value !== "object" || value === null) return false;
    const pairs = Object.entries(value);
    const isLabel = ([key, one]: readonly [string, unknown]) =>
      labelName.test(key) && (one === "" || isText(one, word));
    return pairs.length <= 64 && pairs.every(isLabel);
  },
};

/** What an endpoint's text says; undefined for one that is none of ours. Nothing else is taken over. */
export function readCapabilities(text: string | undefined): Capabilities | undefined {
  if (text === undefined || text.length > longest) return undefined;
  let value: Partial<Record<string, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (!Object.entries(forms).every(([field, isGood]) => isGood(value?.[field]))) return undefined;
  const { cpu, memory, gpus, type, labels } = value as unknown as Capabilities;
  return { cpu, memory, gpus, type, labels };
}
