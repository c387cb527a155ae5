import { applyPatch } from "rfc6902";
import type { Operation } from "rfc6902";
import { systemClock } from "#core/clock";
import type { KubeObject } from "#kube/kube";
import type { ConfigMap, Pod, Secret, StorageClass } from "#kube/resources";
import { configMaps, events } from "#kube/resources";
import { apiVersion } from "#checkpoint/api/names";
import { runtimeLabels, secretIndexName } from "#webhook/api/names";
import type { HomeItem, InjectionItem, InjectionPolicy } from "#webhook/api/types";
import { runController } from "#webhook/controller/run-controller";
import type { ControllerSettings } from "#webhook/controller/settings";
import { decide } from "#webhook/decide";
import { openWorld } from "#webhook/world/world";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";

export const hub = "system:serviceaccount:hub:hub";

export function makeClass(name: string, provisioner: string, isDefault = false): StorageClass {
  const key = "storageclass.kubernetes.io/is-default-class";
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name, ...(isDefault ? { annotations: { [key]: "true" } } : {}) },
    provisioner,
  };
}

export function makeNamespace(name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A policy of the cluster that believes the hub about its pods' users. */
export function makePolicy(inject: readonly InjectionItem[], name = "runtimes"): InjectionPolicy {
  return {
    apiVersion,
    kind: "ClusterInjectionPolicy",
    metadata: { name, generation: 3 },
    spec: {
      user: {
        from: "PodLabel",
        trusted: { serviceAccounts: [{ namespace: "hub", name: "hub" }] },
      },
      inject,
    },
  };
}

export function homeItem(claim: Partial<NonNullable<HomeItem["claim"]>> = {}): InjectionItem {
  return {
    name: "home",
    home: { claim: { size: "8Gi", ...claim }, mounts: [{ mountPath: "/home/jovyan" }] },
  };
}

export function makePod(name: string, user: string, namespace = "runtimes"): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { [runtimeLabels.userUid]: user } },
    spec: { containers: [{ name: "main", image: "jupyter" }] },
    status: { phase: "Pending" },
  };
}

export function makeSecret(
  name: string,
  labels: Record<string, string>,
  namespace = "runtimes",
): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels },
    data: { token: "c2VjcmV0LXZhbHVl", key: "b3RoZXItdmFsdWU=" },
  };
}

const quiet = () => undefined;

/** Has the webhook decide about the pod, and stores what the API server would. */
export async function createInjected(kube: FakeKube, pod: Pod, username = hub): Promise<Pod> {
  const over = new AbortController();
  const context = { kube, clock: systemClock, log: quiet, signal: over.signal };
  const world = openWorld(context);
  while (!world.synced()) await new Promise((resolve) => setImmediate(resolve));
  const { namespace = "" } = pod.metadata;
  const request = { pod, namespace, creator: { username, groups: [] } };
  const { operations } = await decide(request, world);
  over.abort();
  const injected = structuredClone(pod);
  applyPatch(injected, structuredClone(operations) as Operation[]);
  kube.seed(injected);
  return injected;
}

export interface ControllerLab extends AsyncDisposable {
  readonly kube: FakeKube;
  readonly lines: string[];
}

/** A controller at work on a fake cluster; certificates are another matter unless asked for. */
export function startController(
  seeds: readonly KubeObject[],
  settings: ControllerSettings = { rotation: undefined },
): ControllerLab {
  const kube = createFakeKube(seeds);
  const stop = new AbortController();
  const lines: string[] = [];
  const log = (entry: object) => lines.push(JSON.stringify(entry));
  const ended = runController({ kube, clock: systemClock, log, signal: stop.signal, settings });
  return {
    kube,
    lines,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

export async function reasonsOf(kube: FakeKube, kind: string): Promise<readonly string[]> {
  const all = await kube.list(events);
  return all.filter((event) => event.involvedObject.kind === kind).map(({ reason }) => reason);
}

export function indexOf(kube: FakeKube, namespace = "runtimes"): ConfigMap | undefined {
  return kube.peek(configMaps, { namespace, name: secretIndexName });
}
