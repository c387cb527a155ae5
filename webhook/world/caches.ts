import type { KubeObject } from "#kube/kube";
import type { ConfigMap } from "#kube/objects";
import {
  clusterInjectionPolicies,
  injectionPolicies,
  type InjectionPolicy,
} from "#webhook/api/types";
import { secretIndexName } from "#webhook/api/names";
import { configMaps, namespaces, serviceAccounts } from "#kube/resources";
import { fromPodDefault, podDefaults, type PodDefault } from "#webhook/policy/pod-default";
import type { IndexedSecret } from "#webhook/policy/request";
import type { Followed } from "#webhook/world/follow";
import { decodeIndex } from "#webhook/world/secret-index";

/** What is kept of the cluster, and the ways it comes in. Nothing is kept that is not asked for. */

export type Labels = Readonly<Record<string, string>>;

const none: Labels = Object.freeze({});

/** Namespaces or ServiceAccounts: their labels, and no more, by `namespace/name` or name. */
export interface LabelCache {
  readonly followed: Followed<KubeObject>;
  get(key: string): Labels | undefined;
}

export function namespaceCache(): LabelCache {
  return labelCache({ resource: namespaces });
}

export function serviceAccountCache(): LabelCache {
  return labelCache({ resource: serviceAccounts });
}

export function labelsOf(object: KubeObject): Labels {
  return object.metadata.labels ?? none;
}

export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function labelCache(followed: Pick<Followed<KubeObject>, "resource">): LabelCache {
  const kept = new Map<string, Labels>();
  const set = (object: KubeObject) => {
    kept.set(keyOf(object), labelsOf(object));
  };
  return {
    get: (key) => kept.get(key),
    followed: {
      ...followed,
      reset: (objects) => {
        kept.clear();
        objects.forEach(set);
      },
      set,
      unset: (object) => {
        kept.delete(keyOf(object));
      },
    },
  };
}

export interface PolicyCache {
  readonly followed: readonly [
    Followed<InjectionPolicy>,
    Followed<InjectionPolicy>,
    Followed<PodDefault>,
  ];
  /** The same array as long as nothing changes: what is derived from it can be kept by it. */
  readonly of: (namespace: string) => readonly InjectionPolicy[];
  readonly all: () => readonly InjectionPolicy[];
}

/** Policies of both kinds and PodDefaults, converted; `changed` is called after each change. */
export function policyCache(changed: () => void): PolicyCache {
  const cluster = new Map<string, InjectionPolicy>();
  const inNamespaces = new Map<string, InjectionPolicy>();
  const defaults = new Map<string, InjectionPolicy>();
  // Only of namespaces that have policies: names of others come from whoever sends a review.
  let lists = new Map<string, readonly InjectionPolicy[]>();
  let ofCluster: readonly InjectionPolicy[] = [];

  function settle(): void {
    ofCluster = [...cluster.values()];
    lists = new Map();
    for (const policy of [...inNamespaces.values(), ...defaults.values()]) {
      const namespace = policy.metadata.namespace ?? "";
      lists.set(namespace, [...(lists.get(namespace) ?? ofCluster), policy]);
    }
    changed();
  }

  function into<T extends KubeObject>(
    kept: Map<string, InjectionPolicy>,
    resource: Followed<T>["resource"],
    convert: (object: T) => InjectionPolicy,
  ): Followed<T> {
    return {
      resource,
      reset: (objects) => {
        kept.clear();
        for (const object of objects) kept.set(keyOf(object), convert(object));
        settle();
      },
      set: (object) => {
        kept.set(keyOf(object), convert(object));
        settle();
      },
      unset: (object) => {
        kept.delete(keyOf(object));
        settle();
      },
    };
  }

  return {
    followed: [
      into(inNamespaces, injectionPolicies, stripped),
      into(cluster, clusterInjectionPolicies, stripped),
      {
        ...into(defaults, podDefaults, (object) => stripped(fromPodDefault(object))),
        optional: true,
      },
    ],
    of: (namespace) => lists.get(namespace) ?? ofCluster,
    all: () => [...ofCluster, ...inNamespaces.values(), ...defaults.values()],
  };
}

/** Without the record of who wrote which field, which is larger than the policy itself. */
function stripped(policy: InjectionPolicy): InjectionPolicy {
  const { name, namespace, uid, generation, deletionTimestamp } = policy.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
  return { ...policy, metadata };
}

export interface IndexCache {
  readonly followed: Followed<ConfigMap>;
  readonly of: (namespace: string) => readonly IndexedSecret[];
}

const noSecrets: readonly IndexedSecret[] = Object.freeze([]);

/** The index ConfigMap of each namespace, read once when it changes. */
export function indexCache(changed: () => void): IndexCache {
  const kept = new Map<string, readonly IndexedSecret[]>();
  const set = (map: ConfigMap) => {
    if (map.metadata.name !== secretIndexName) return;
    kept.set(map.metadata.namespace ?? "", decodeIndex(map));
    changed();
  };
  return {
    of: (namespace) => kept.get(namespace) ?? noSecrets,
    followed: {
      resource: configMaps,
      options: { fieldSelector: `metadata.name=${secretIndexName}` },
      reset: (objects) => {
        kept.clear();
        objects.forEach(set);
        changed();
      },
      set,
      unset: ({ metadata }) => {
        kept.delete(metadata.namespace ?? "");
        changed();
      },
    },
  };
}
