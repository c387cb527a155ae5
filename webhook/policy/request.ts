import type { Pod } from "#kube/objects";
import type { InjectionPolicy } from "#webhook/api/types";
import type { Wish } from "#webhook/injection/wish";

/** One pod to be decided about: what an AdmissionReview says, free of its envelope. */
export interface PodRequest {
  readonly pod: Pod;
  /** The request's, not the pod's: that may be absent. */
  readonly namespace: string;
  readonly creator: Creator;
}

export interface Creator {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Port to what the decision needs to know of the cluster: read off caches at once, or, as a promise,
 * asked of the API server.
 */
export interface InjectionWorld {
  /**
   * Policies of the namespace and of the cluster, PodDefaults converted; any order. The same array and
   * objects as long as nothing changes: what is derived from them is kept by them.
   */
  policies(namespace: string): readonly InjectionPolicy[];
  /** Labels of a namespace; asks the API server once when the cache has not seen it yet. */
  namespaceLabels(name: string): Soon<Readonly<Record<string, string>>>;
  serviceAccountLabels(namespace: string, name: string): Soon<Readonly<Record<string, string>>>;
  /**
   * Secrets of the namespace with their labels and keys, from the index; never values. The same array
   * as long as nothing changes.
   */
  secrets(namespace: string): readonly IndexedSecret[];
  /** SubjectAccessReview: may the creator `use` injectionusers/<user> in the namespace? */
  mayUse(creator: Creator, namespace: string, user: string): Soon<boolean>;
}

type Soon<T> = T | Promise<T>;

export interface IndexedSecret {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
}

/** What policies ask for one pod; in order of precedence, highest first. */
export interface Wishes {
  readonly wishes: readonly Wish[];
  /** The believed user, when a policy asked for one. */
  readonly user?: string;
  /** Told to the creator; names only. */
  readonly warnings: readonly string[];
  /** Policies that match, and those that do not with the reason, for `inject explain`. */
  readonly considered: readonly {
    readonly policy: string;
    readonly matched: boolean;
    readonly reason: string;
  }[];
  /** Claims the pod will need, for the controller. */
  readonly claims: readonly WantedClaim[];
  /** Set: the pod must be refused. */
  readonly refusal?: string;
}

export interface WantedClaim {
  readonly policy: string;
  readonly item: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly storageClassName?: string;
  readonly size: string;
  readonly accessModes: readonly string[];
  readonly deletion: "Retain" | "Delete";
}
