import type { KubeObject, Resource } from "#kube/kube";
import type { Toleration } from "#kube/objects";
import type {
  EnvFromSource,
  EnvVar,
  InjectionItem,
  InjectionPolicy,
  LabelSelector,
  Volume,
  VolumeMount,
} from "#webhook/api/types";

/** Kubeflow's PodDefault, as its own webhook reads it. */
export interface PodDefault extends KubeObject {
  readonly kind: "PodDefault";
  readonly spec: {
    readonly selector: LabelSelector;
    readonly desc?: string;
    readonly env?: readonly EnvVar[];
    readonly envFrom?: readonly EnvFromSource[];
    readonly volumes?: readonly Volume[];
    readonly volumeMounts?: readonly VolumeMount[];
    readonly tolerations?: readonly Toleration[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly sidecars?: readonly NamedContainer[];
    readonly initContainers?: readonly NamedContainer[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
    readonly command?: readonly string[];
    readonly args?: readonly string[];
  };
}

type NamedContainer = Readonly<Record<string, unknown>> & { readonly name: string };

export const podDefaults: Resource<PodDefault> = {
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  plural: "poddefaults",
  namespaced: true,
};

const prefix = "poddefault.admission.kubeflow.org";
/** On a pod, "true": no PodDefault touches it. */
export const podDefaultExclude = `${prefix}/exclude`;
/** Kubeflow leaves its command alone. */
const istioProxy = "istio-proxy";

/**
 * The policy that does what Kubeflow's webhook would: main containers only, any difference refuses
 * the pod, the ServiceAccount is overridden, command and args go to containers that have none.
 */
export function fromPodDefault(object: PodDefault): InjectionPolicy {
  const { spec, metadata } = object;
  const containers = { kinds: ["Main"], exclude: names(spec.sidecars) } as const;
  return {
    apiVersion: object.apiVersion,
    kind: "PodDefault",
    metadata,
    spec: {
      match: { podSelector: spec.selector },
      conflict: "Refuse",
      mergeMode: "PodDefault",
      containers,
      allowReserved: (spec.env ?? []).map(({ name }) => name),
      inject: [
        ...(spec.env?.length ? [{ name: "env", env: spec.env }] : []),
        ...(spec.envFrom?.length ? [{ name: "envFrom", envFrom: spec.envFrom }] : []),
        ...volumeItems(spec),
        ...podItems(object),
      ],
    },
  };
}

function names(list: readonly NamedContainer[] | undefined): readonly string[] {
  return (list ?? []).map(({ name }) => name);
}

function volumeItems(spec: PodDefault["spec"]): readonly InjectionItem[] {
  const mounts = spec.volumeMounts ?? [];
  const own = new Set((spec.volumes ?? []).map(({ name }) => name));
  const strays = mounts.filter(({ name }) => !own.has(name));
  return [
    ...(spec.volumes ?? []).map((volume) => ({
      name: `volume-${volume.name}`,
      volume: { volume, mounts: mounts.filter(({ name }) => name === volume.name) },
    })),
    ...(strays.length > 0 ? [{ name: "mounts", mounts: strays }] : []),
  ];
}

function podItems({ spec, metadata }: PodDefault): readonly InjectionItem[] {
  const { serviceAccountName, automountServiceAccountToken, command, args } = spec;
  const { tolerations, labels, annotations, imagePullSecrets, initContainers, sidecars } = spec;
  return [
    {
      name: "pod",
      pod: present({
        tolerations,
        labels,
        annotations,
        imagePullSecrets,
        initContainers,
        containers: sidecars,
      }),
    },
    {
      name: "account",
      conflict: "Override",
      pod: present({
        serviceAccountName: serviceAccountName === "" ? undefined : serviceAccountName,
        automountServiceAccountToken,
      }),
    },
    {
      name: "command",
      conflict: "Keep",
      containers: { kinds: ["Main"], exclude: [istioProxy, ...names(sidecars)] },
      pod: present({ command, args }),
    },
    {
      name: "mark",
      conflict: "Override",
      pod: {
        annotations: { [`${prefix}/poddefault-${metadata.name}`]: metadata.resourceVersion ?? "" },
      },
    },
  ];
}

type Present<T> = { readonly [K in keyof T]?: NonNullable<T[K]> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Present<T>;
}
