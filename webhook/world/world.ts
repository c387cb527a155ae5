import type { Kube, KubeObject, Resource } from "#kube/kube";
import { namespaces, serviceAccounts } from "#kube/resources";
import type { InjectionPolicy } from "#webhook/api/types";
import type { InjectionWorld } from "#webhook/policy/request";
import { createAccessReviews } from "#webhook/world/access-reviews";
import {
  indexCache,
  labelsOf,
  namespaceCache,
  policyCache,
  serviceAccountCache,
  type Labels,
} from "#webhook/world/caches";
import { follow, type FollowContext } from "#webhook/world/follow";
import { createLiveReads } from "#webhook/world/live-reads";

export interface WorldContext extends FollowContext {
  readonly kube: Kube;
  /** Called after policies, PodDefaults or the index of Secrets have changed. */
  readonly onChange?: () => void;
  /** Time limit of one read past the caches and of one access review; default 2.5 s. */
  readonly limitMs?: number;
}

export interface WorldCounts {
  /** Reads past a cache that did not know a namespace or a ServiceAccount yet. */
  readonly liveReads: number;
  readonly accessReviews: number;
  readonly watchRestarts: number;
}

export interface OpenWorld extends InjectionWorld {
  /** Every policy, PodDefaults converted. */
  allPolicies(): readonly InjectionPolicy[];
  /** Everything was listed once; before that nothing may be decided. */
  synced(): boolean;
  /** Kinds that were not listed yet, for the log and for readiness. */
  waitingFor(): readonly string[];
  /**
   * Milliseconds since the API server was last heard on the watch that is worst off. A sound watch
   * hears from it about each minute even when nothing changes.
   */
  staleness(): number;
  counts(): WorldCounts;
  /** Resolves after the signal has aborted and all watches have ended. */
  readonly ended: Promise<void>;
}

/** What decisions need to know of the cluster, followed over watches until the signal aborts. */
export function openWorld(context: WorldContext): OpenWorld {
  const { kube, clock, limitMs } = context;
  const changed = context.onChange ?? (() => undefined);
  const limit = limitMs === undefined ? {} : { limitMs };
  const policies = policyCache(changed);
  const index = indexCache(changed);
  const spaces = namespaceCache();
  const accounts = serviceAccountCache();
  const live = createLiveReads({ clock, ...limit });
  const reviews = createAccessReviews({ kube, clock, ...limit });
  const [inNamespaces, cluster, defaults] = policies.followed;
  const feeds = [
    follow(context, inNamespaces),
    follow(context, cluster),
    follow(context, defaults),
    follow(context, index.followed),
    follow(context, spaces.followed),
    follow(context, accounts.followed),
  ];

  /** A pod may come in before the watch has told of its namespace: one question, then the cache. */
  async function labels(
    key: string,
    resource: Resource,
    name: { readonly name: string; readonly namespace?: string },
  ): Promise<Labels> {
    const read = () => kube.get<KubeObject>(resource, name).then(labelsOf);
    return (await live.read(`${resource.plural} ${key}`, read)) ?? {};
  }

  return {
    policies: policies.of,
    allPolicies: policies.all,
    secrets: index.of,
    namespaceLabels: (name) => spaces.get(name) ?? labels(name, namespaces, { name }),
    serviceAccountLabels: (namespace, name) => {
      const key = `${namespace}/${name}`;
      return accounts.get(key) ?? labels(key, serviceAccounts, { namespace, name });
    },
    mayUse: reviews.mayUse,
    synced: () => feeds.every((feed) => feed.synced()),
    waitingFor: () => feeds.filter((feed) => !feed.synced()).map(({ kind }) => kind),
    staleness: () => Math.max(0, clock.now() - Math.min(...feeds.map((feed) => feed.heardAt()))),
    counts: () => ({
      liveReads: live.asked(),
      accessReviews: reviews.asked(),
      watchRestarts: feeds.reduce((sum, feed) => sum + feed.restarts(), 0),
    }),
    ended: Promise.all(feeds.map(({ ended }) => ended)).then(() => undefined),
  };
}
