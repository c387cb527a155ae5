import { podReasons, type Reason } from "#bootstrap/addons/pod-reasons";
import { hasCode } from "#core/error";
import { daemonSetRollout, deploymentRollout } from "#kube/install/rollout";
import { nameOf } from "#kube/install/kinds";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import {
  daemonSets,
  deployments,
  type DaemonSet,
  type Deployment,
  type PodCondition,
} from "#kube/resources";

/** How far what a release is made of is. */
export interface Readiness {
  readonly ready: boolean;
  /** What is waited for, the decisive first; empty when all is ready. */
  readonly reasons: readonly Reason[];
}

interface ApiService extends KubeObject {
  readonly status?: { readonly conditions?: readonly PodCondition[] };
}

const apiServices: Resource<ApiService> = {
  ...{ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" },
  ...{ plural: "apiservices", namespaced: false },
};

/** Looks at workloads and API services; other objects are as good as they are there. */
export async function readinessOf(kube: Kube, objects: readonly KubeObject[]): Promise<Readiness> {
  const reasons = (await Promise.all(objects.map((one) => waitsFor(kube, one)))).flat();
  const order = (one: Reason) => (one.final ? 0 : 1);
  const sorted = reasons.toSorted((one, other) => order(one) - order(other));
  return { ready: reasons.length === 0, reasons: sorted };
}

async function waitsFor(kube: Kube, object: KubeObject): Promise<readonly Reason[]> {
  try {
    switch (object.kind) {
      case "Deployment": {
        const live = await kube.get(deployments, nameOf(object));
        return deploymentRollout(live).done ? [] : await workloadReasons(kube, live);
      }
      case "DaemonSet": {
        const live = await kube.get(daemonSets, nameOf(object));
        return daemonSetRollout(live).done ? [] : await workloadReasons(kube, live);
      }
      case "APIService":
        return unavailable(await kube.get(apiServices, { name: object.metadata.name }));
      default:
        return [];
    }
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    const text = `${object.kind} ${object.metadata.name} is not there`;
    return [{ text, final: false, gone: true }];
  }
}

function unavailable({ metadata, status }: ApiService): readonly Reason[] {
  const available = status?.conditions?.find(({ type }) => type === "Available");
  if (available?.status === "True") return [];
  const why = available?.message ?? available?.reason ?? "not looked at yet";
  return [{ text: `API service ${metadata.name}: ${why}`, final: false }];
}

async function workloadReasons(
  kube: Kube,
  live: Deployment | DaemonSet,
): Promise<readonly Reason[]> {
  const { kind, metadata, status } = live;
  const { matchLabels = {} } = (live.spec["selector"] ?? {}) as {
    readonly matchLabels?: Readonly<Record<string, string>>;
  };
  const refused = status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  const found = await podReasons(kube, metadata.namespace ?? "default", matchLabels);
  if (refused?.status === "True") {
    return [{ text: `${kind} ${metadata.name}: ${refused.message ?? ""}`, final: false }, ...found];
  }
  if (found.length > 0) return found;
  return [{ text: `${kind} ${metadata.name}: not all pods are ready`, final: false }];
}
