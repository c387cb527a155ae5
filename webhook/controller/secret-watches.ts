import type { InjectionPolicy } from "#webhook/api/types";
import { presets } from "#webhook/policy/presets";
import type { IndexedSecret } from "#webhook/policy/request";
import type { Secret } from "#kube/objects";
import { secrets } from "#kube/resources";
import { indexedLabel } from "#webhook/controller/names";
import { follow, type Feed, type FollowContext } from "#webhook/world/follow";

/** Keys of the labels by which policies find Secrets, and the one that asks for it; sorted. */
export function wantedKeys(policies: readonly InjectionPolicy[]): readonly string[] {
  const keys = new Set([indexedLabel]);
  for (const { spec } of policies) {
    const ofPreset = spec.preset ? presets[spec.preset].items : [];
    const items = [...ofPreset.map(({ item }) => item), ...(spec.inject ?? [])];
    for (const { secret } of items) if (secret?.label !== undefined) keys.add(secret.label);
  }
  return [...keys].sort();
}

export interface SecretWatches {
  /** Begins and ends watches, so that there is one per key. */
  follow(keys: readonly string[]): void;
  /** Every key's Secrets were listed once. */
  synced(): boolean;
  namespaces(): ReadonlySet<string>;
  /** What is known of a namespace's Secrets: names, labels of the keys, names of their keys. */
  of(namespace: string): readonly IndexedSecret[];
}

interface Watch {
  readonly stop: AbortController;
  readonly feed: Feed;
  /** By namespace, then name. */
  readonly kept: Map<string, Map<string, IndexedSecret>>;
}

/**
 * Follows Secrets by one watch per label key: the API server sends labelled ones only, so that values
 * of all the others never reach this process, and those of labelled ones are dropped on arrival.
 */
export function watchSecrets(
  context: FollowContext,
  changed: (namespace: string) => void,
): SecretWatches {
  const watches = new Map<string, Watch>();

  function begin(key: string): Watch {
    const stop = new AbortController();
    const kept: Watch["kept"] = new Map();
    const set = (secret: Secret) => {
      const namespace = secret.metadata.namespace ?? "";
      const names = kept.get(namespace) ?? new Map<string, IndexedSecret>();
      kept.set(namespace, names.set(secret.metadata.name, stripped(secret)));
      changed(namespace);
    };
    const reset = () => {
      const namespaces = [...kept.keys()];
      kept.clear();
      namespaces.forEach(changed);
    };
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const feed = follow<Secret>(
      { ...context, signal },
      {
        resource: secrets,
        options: { labelSelector: key },
        reset: (objects) => {
          reset();
          objects.forEach(set);
          changed("");
        },
        set,
        unset: (secret) => {
          const namespace = secret.metadata.namespace ?? "";
          kept.get(namespace)?.delete(secret.metadata.name);
          if (kept.get(namespace)?.size === 0) kept.delete(namespace);
          changed(namespace);
        },
      },
    );
    return { stop, feed, kept };
  }

  function end(key: string, watch: Watch): void {
    watch.stop.abort();
    watches.delete(key);
    for (const namespace of watch.kept.keys()) changed(namespace);
  }

  return {
    follow: (keys) => {
      for (const [key, watch] of watches) if (!keys.includes(key)) end(key, watch);
      for (const key of keys) if (!watches.has(key)) watches.set(key, begin(key));
    },
    synced: () => watches.size > 0 && [...watches.values()].every(({ feed }) => feed.synced()),
    namespaces: () => new Set([...watches.values()].flatMap(({ kept }) => [...kept.keys()])),
    of: (namespace) => {
      const found = new Map<string, IndexedSecret>();
      for (const { kept } of watches.values()) {
        for (const [name, secret] of kept.get(namespace) ?? []) found.set(name, secret);
      }
      return [...found.values()].map((secret) => only(secret, watches));
    },
  };
}

function stripped(secret: Secret): IndexedSecret {
  return {
    name: secret.metadata.name,
    labels: secret.metadata.labels ?? {},
    keys: Object.keys(secret.data ?? {}).sort(),
  };
}

/** Labels that nobody asks for would only make the index larger and change it more often. */
function only(secret: IndexedSecret, keys: ReadonlyMap<string, unknown>): IndexedSecret {
  const labels = Object.entries(secret.labels).filter(([key]) => keys.has(key));
  return { ...secret, labels: Object.fromEntries(labels) };
}
