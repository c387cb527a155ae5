/** Port to one API server. Errors are ClouderErrors: see {@link Kube}. */

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A kind as the REST paths name it; the well-known ones are in `#kube/resources`. */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only for the compiler: ties the resource to its type. */
  readonly type?: T;
}

export interface ObjectName {
  readonly name: string;
  /** Required for namespaced kinds. */
  readonly namespace?: string;
}

export interface ListOptions {
  /** Absent: all namespaces (or a cluster-scoped kind). */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface WatchOptions extends ListOptions {
  /** Called whenever the server was heard: a list, an event, a sign that nothing has changed. */
  readonly onContact?: (() => void) | undefined;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** The state was listed anew (start, or after a gap): `objects` is all there is. */
  | { readonly type: "RESYNC"; readonly objects: readonly T[] };

export interface WriteOptions {
  /** Server-side dry run: validated and admitted, not stored. */
  readonly dryRun?: boolean;
}

/**
 * Law: every method rejects with a ClouderError. 404 `not-found`, 409 AlreadyExists `exists`,
 * 409 Conflict `conflict` (retryable), 403 `denied`, 401 `unauthenticated`, 422/400 `refused`,
 * 429 `busy` (retryable), 5xx and broken connections `unreachable` (retryable).
 * `get`, `list`, `apply`, `remove` are idempotent; `create` is not.
 */
export interface Kube {
  /** Where requests go and as which kubeconfig context (absent in a cluster). */
  readonly server: string;
  readonly context: string | undefined;
  /** The namespace of the context, "default" where none is set. */
  readonly namespace: string;
  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T>;
  /** Reads all pages. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<readonly T[]>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** Replaces the whole object; `metadata.resourceVersion` makes it conditional. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Server-side apply by `fieldManager`, taking over conflicting fields. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    fieldManager: string,
    options?: WriteOptions,
  ): Promise<T>;
  /** JSON merge patch; `subresource` is usually "status". */
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: object,
    subresource?: "status",
  ): Promise<T>;
  /** Deletes; an absent object is not an error. `uid` guards against a namesake made in between. */
  remove(
    resource: Resource,
    name: ObjectName,
    options?: { readonly uid?: string; readonly gracePeriodSeconds?: number },
  ): Promise<void>;
  /**
   * Lists, then follows changes until the signal aborts; broken streams are taken up again and
   * expired ones listed anew (RESYNC). Ends silently on abort.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Any other path, for example `/version` or a node's proxy; gives status and body as they are. */
  raw(
    method: "GET" | "POST",
    path: string,
    options?: { readonly body?: string; readonly signal?: AbortSignal },
  ): Promise<{ readonly status: number; readonly body: string }>;
}
