import type { Container, Pod, PodSpec, Toleration } from "#kube/objects";
import { annotations, runtimeClassName } from "#checkpoint/api/names";
import type { PodTemplate } from "#checkpoint/api/types";

export interface RestoredPod {
  readonly name: string;
  readonly namespace: string;
  readonly restoreUID: string;
  readonly nodeName: string;
  /** On top of the recorded ones; the caller's win. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Labels by which controllers find their pods: a restored pod belongs to none of them. */
const controllerLabels = new Set([
  "pod-template-hash",
  "pod-template-generation",
  "controller-revision-hash",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
  "batch.kubernetes.io/job-completion-index",
  "controller-uid",
  "job-name",
]);

/** Annotations that describe the old pod, its network or how it came to be. */
const oldPodAnnotation =
  /^(?:kubectl\.kubernetes\.io\/(?:last-applied-configuration|restartedAt)|kubernetes\.io\/(?:config\.|limit-ranger)|k8s\.v1\.cni\.cncf\.io\/|cni\.projectcalico\.org\/|k8s\.ovn\.org\/|clouder\.datalayer\.io\/(?:restore|last-checkpoint|last-checkpoint-time)$)/;

/** The pod's metadata and spec as they go into the manifest: nothing of its status, owners or identity. */
export function recordTemplate(pod: Pod): PodTemplate {
  return {
    metadata: {
      ...(pod.metadata.labels === undefined ? {} : { labels: pod.metadata.labels }),
      ...(pod.metadata.annotations === undefined ? {} : { annotations: pod.metadata.annotations }),
    },
    spec: pod.spec,
  };
}

/**
 * The pod that goes on from a checkpoint. CRIU wants every mount of the recorded containers again at
 * the same path: volumes and mounts stay as they were, only the ServiceAccount token's volume goes,
 * since admission gives the new pod its own at the same path.
 */
export function podForRestore(template: PodTemplate, target: RestoredPod): Pod {
  const recorded = template.spec as unknown as PodSpec;
  const injected = injectedTokenVolumes(recorded);
  const { nodeSelector, tolerations, volumes, containers, initContainers, ...rest } = recorded;
  const kept = Object.fromEntries(Object.entries(rest).filter(isKept));
  const clean = (list: readonly Container[]) =>
    list.map((container) => withoutTokenMounts(container, injected));
  const selector = without(nodeSelector, (key) => key === "kubernetes.io/hostname");
  const tolerated = (tolerations ?? []).filter((toleration) => !isDefaultToleration(toleration));
  const ownVolumes = (volumes ?? []).filter((volume) => !injected.has(volume.name));
  const spec: PodSpec = {
    ...kept,
    containers: clean(containers),
    ...(initContainers === undefined ? {} : { initContainers: clean(initContainers) }),
    ...(ownVolumes.length === 0 ? {} : { volumes: ownVolumes }),
    ...(selector === undefined ? {} : { nodeSelector: selector }),
    ...(tolerated.length === 0 ? {} : { tolerations: tolerated }),
    // Says the same again, so that a changed default of the ServiceAccount cannot add or drop a mount.
    automountServiceAccountToken: injected.size > 0,
    affinity: onNode(recorded.affinity, target.nodeName),
    runtimeClassName,
  };
  const labels = {
    ...without(template.metadata.labels, (key) => controllerLabels.has(key)),
    ...target.labels,
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: target.name,
      namespace: target.namespace,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      annotations: {
        ...without(template.metadata.annotations, (key) => oldPodAnnotation.test(key)),
        [annotations.restore]: target.restoreUID,
      },
    },
    spec,
  };
}

/** Volumes that the ServiceAccount admission plugin has added: by name and by what they project. */
function injectedTokenVolumes(spec: Pick<PodSpec, "volumes">): ReadonlySet<string> {
  const names = (spec.volumes ?? [])
    .filter((volume) => {
      const projected = volume["projected"] as { sources?: readonly object[] } | undefined;
      const token = projected?.sources?.some((source) => "serviceAccountToken" in source) ?? false;
      return volume.name.startsWith("kube-api-access-") && token;
    })
    .map((volume) => volume.name);
  return new Set(names);
}

function withoutTokenMounts(container: Container, injected: ReadonlySet<string>): Container {
  const { volumeMounts, ...kept } = container;
  const mounts = (volumeMounts ?? []).filter((mount) => !injected.has(mount.name));
  return mounts.length === 0 ? kept : { ...kept, volumeMounts: mounts };
}

/** The two tolerations that the DefaultTolerationSeconds plugin gives to every pod. */
function isDefaultToleration(toleration: Toleration): boolean {
  return (
    /^node\.kubernetes\.io\/(?:not-ready|unreachable)$/.test(toleration.key ?? "") &&
    toleration.operator === "Exists" &&
    toleration.effect === "NoExecute" &&
    toleration.tolerationSeconds === 300
  );
}

/** Set by the scheduler or by admission, or not allowed in a new pod. */
const dropped = new Set([
  "nodeName",
  "serviceAccount",
  "priority",
  "preemptionPolicy",
  "overhead",
  "ephemeralContainers",
  "schedulingGates",
]);

const defaults: Readonly<Record<string, unknown>> = {
  enableServiceLinks: true,
  schedulerName: "default-scheduler",
  dnsPolicy: "ClusterFirst",
  terminationGracePeriodSeconds: 30,
};

function isKept([key, value]: readonly [string, unknown]): boolean {
  if (dropped.has(key)) return false;
  if (key === "securityContext") return Object.keys(value as object).length > 0;
  return !(key in defaults) || defaults[key] !== value;
}

interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: {
    readonly nodeSelectorTerms: readonly Record<string, unknown>[];
  };
  readonly [field: string]: unknown;
}

/**
 * Adds "on this node" to an affinity. Terms are alternatives, so each of them gets it; by matchFields,
 * since it is the node's name that counts and not a label somebody may have set.
 */
function onNode(
  affinity: PodSpec["affinity"],
  nodeName: string,
): Readonly<Record<string, unknown>> {
  const node = (affinity?.["nodeAffinity"] ?? {}) as NodeAffinity;
  const field = { key: "metadata.name", operator: "In", values: [nodeName] };
  const terms = (node.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map(
    withoutOldNode,
  );
  const chosen = (terms.length === 0 ? [{}] : terms).map((term) => ({
    ...term,
    matchFields: [field],
  }));
  return {
    ...affinity,
    nodeAffinity: {
      ...node,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: chosen },
    },
  };
}

/** A term may name the old node, by field (a restored pod's own) or by hostname label. */
function withoutOldNode(term: Record<string, unknown>): Record<string, unknown> {
  const expressions = (
    (term["matchExpressions"] ?? []) as readonly { readonly key: string }[]
  ).filter(({ key }) => key !== "kubernetes.io/hostname");
  return expressions.length === 0 ? {} : { matchExpressions: expressions };
}

function without(
  record: Readonly<Record<string, string>> | undefined,
  drop: (key: string) => boolean,
): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(record ?? {}).filter(([key]) => !drop(key));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
