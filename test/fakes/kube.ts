import { randomUUID } from "node:crypto";
import { ClouderError } from "#core/error";
import type {
  Kube,
  KubeObject,
  ListOptions,
  ObjectName,
  Resource,
  WatchEvent,
  WatchOptions,
} from "#kube/kube";
import { createFieldManagers, mergePatch } from "#test/fakes/merging";
import { matches } from "#test/fakes/selectors";

/**
 * An API server in memory. Modelled: resource versions and conflicts, uid, generation, generateName,
 * finalizers with deletionTimestamp, the status subresource of every kind, merge patch, apply (maps
 * merge, lists are replaced but for webhooks, fields a manager no longer names go), selectors, watches, dry run,
 * uid preconditions. Not modelled: schemas, admission, namespaces that must exist, garbage
 * collection of owned objects, grace periods. Passes the contract suite of Kube.
 */
export interface FakeKube extends Kube {
  /** Stores objects as they are, status included, and tells watchers. */
  seed(...objects: readonly KubeObject[]): void;
  /** The stored object; undefined when there is none. */
  peek<T extends KubeObject>(resource: Resource<T>, name: ObjectName): T | undefined;
  /** Called before each call; what it throws is the answer. */
  intercept: ((call: FakeCall) => void) | undefined;
  /** Answers of `raw`. */
  answerRaw: (method: string, path: string, body?: string) => { status: number; body: string };
  /** All calls so far, writes and reads. */
  readonly calls: readonly FakeCall[];
  /** Ends every watch stream and forces a new list, as an API server's restart does. */
  resyncWatches(): void;
}

export interface FakeCall {
  readonly verb: "get" | "list" | "create" | "replace" | "apply" | "patch" | "remove" | "watch";
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string | undefined;
  readonly subresource?: string | undefined;
}

type Loose = Record<string, unknown> & KubeObject;
type Change = { readonly before: Loose | undefined; readonly after: Loose | undefined } | "resync";

export function createFakeKube(seeds: readonly KubeObject[] = []): FakeKube {
  const stored = new Map<string, Loose>();
  const watchers = new Set<(change: Change, kind: string) => void>();
  const managers = createFieldManagers();
  const calls: FakeCall[] = [];
  let version = 100;

  const note = (call: FakeCall) => {
    calls.push(call);
    fake.intercept?.(call);
  };

  function find(resource: Resource, name: ObjectName): Loose {
    const object = stored.get(keyOf(resource, name));
    if (object) return object;
    throw new ClouderError("not-found", `${resource.plural} "${name.name}" not found`, {
      details: { status: 404, reason: "NotFound" },
    });
  }

  /** Writes (or, without finalizers left, removes) and tells the watchers. */
  function write(kind: string, key: string, next: Loose | undefined): Loose | undefined {
    const before = stored.get(key);
    const meta = next?.metadata;
    const gone = meta?.deletionTimestamp !== undefined && (meta.finalizers ?? []).length === 0;
    version += 1;
    const after = next && {
      ...next,
      metadata: { ...next.metadata, resourceVersion: String(version) },
    };
    const kept = gone ? undefined : after;
    if (kept) stored.set(key, kept);
    else stored.delete(key);
    for (const tell of watchers) tell({ before, after: kept }, kind);
    return after;
  }

  function update(
    resource: Resource,
    before: Loose,
    wanted: Loose,
    write_: { readonly subresource?: string | undefined; readonly dryRun?: boolean | undefined },
  ): Loose {
    checkPreconditions(resource, before, wanted);
    const toStatus = write_.subresource === "status";
    const next: Loose = toStatus
      ? { ...before, ...podMetadata(resource, before, wanted), status: wanted["status"] }
      : { ...wanted, ...("status" in before ? { status: before["status"] } : {}) };
    if (!toStatus && !("status" in before)) delete next["status"];
    if (next["status"] === undefined) delete next["status"];
    const { uid, creationTimestamp, deletionTimestamp, generation = 1 } = before.metadata;
    const metadata = {
      ...next.metadata,
      uid,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      resourceVersion: before.metadata.resourceVersion,
      generation: sameBesidesMeta(before, next) ? generation : generation + 1,
    } as Loose["metadata"];
    const settled = { ...next, metadata };
    if (JSON.stringify(settled) === JSON.stringify(before) || write_.dryRun) return settled;
    return write(resource.kind, keyOf(resource, before.metadata), settled) ?? settled;
  }

  function createObject(resource: Resource, object: KubeObject, dryRun: boolean | undefined) {
    const { generateName } = object.metadata;
    const name = object.metadata.name || `${generateName ?? ""}${randomUUID().slice(0, 5)}`;
    const key = keyOf(resource, { ...object.metadata, name });
    if (stored.has(key)) {
      throw new ClouderError("exists", `${resource.plural} "${name}" already exists`, {
        details: { status: 409, reason: "AlreadyExists" },
      });
    }
    const metadata = {
      ...object.metadata,
      name,
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: new Date().toISOString(),
    };
    const made: Loose = { ...object, metadata };
    delete made["status"];
    return dryRun ? made : (write(resource.kind, key, made) ?? made);
  }

  const fake: FakeKube = {
    server: "https://fake.invalid",
    context: "fake",
    namespace: "default",
    intercept: undefined,
    calls,
    answerRaw: (_method, path) => ({ status: 404, body: `nothing at ${path}` }),
    seed: (...objects) => {
      for (const object of objects) {
        const { creationTimestamp = new Date().toISOString(), uid = randomUUID() } =
          object.metadata;
        const metadata = { generation: 1, ...object.metadata, creationTimestamp, uid };
        write(object.kind, keyOf(object, metadata), structuredClone({ ...object, metadata }));
      }
    },
    peek: (resource, name) => structuredClone(stored.get(keyOf(resource, name))) as never,
    resyncWatches: () => {
      for (const tell of watchers) tell("resync", "");
    },
    get: async (resource, name) =>
      answer(() => {
        note({ verb: "get", kind: resource.kind, ...pick(name) });
        return find(resource, name);
      }),
    list: async (resource, options = {}) =>
      answer(() => {
        note({ verb: "list", kind: resource.kind, namespace: options.namespace });
        return listed(resource, options);
      }),
    create: async (resource, object, options) =>
      answer(() => {
        note({ verb: "create", kind: resource.kind, ...pick(object.metadata) });
        return createObject(resource, structuredClone(object), options?.dryRun);
      }),
    replace: async (resource, object) =>
      answer(() => {
        note({ verb: "replace", kind: resource.kind, ...pick(object.metadata) });
        const before = find(resource, object.metadata);
        return update(resource, before, structuredClone(object) as unknown as Loose, {});
      }),
    apply: async (resource, object, fieldManager, options) =>
      answer(() => {
        note({ verb: "apply", kind: resource.kind, ...pick(object.metadata) });
        const key = keyOf(resource, object.metadata);
        const before = stored.get(key);
        const merged = managers.apply(key, fieldManager, before, structuredClone(object), options);
        if (!before) return createObject(resource, merged, options?.dryRun);
        return update(resource, before, merged as unknown as Loose, { dryRun: options?.dryRun });
      }),
    patch: async (resource, name, patch, subresource) =>
      answer(() => {
        note({ verb: "patch", kind: resource.kind, ...pick(name), subresource });
        const before = find(resource, name);
        const wanted = mergePatch(before, structuredClone(patch)) as Loose;
        return update(resource, before, wanted, { subresource });
      }),
    remove: async (resource, name, options = {}) =>
      answer(() => {
        note({ verb: "remove", kind: resource.kind, ...pick(name) });
        const key = keyOf(resource, name);
        const before = stored.get(key);
        if (!before) return;
        if (options.uid !== undefined && options.uid !== before.metadata.uid) {
          throw conflict(`the UID in the precondition (${options.uid}) is another one`);
        }
        if ((before.metadata.finalizers ?? []).length === 0) write(resource.kind, key, undefined);
        else if (before.metadata.deletionTimestamp === undefined) {
          const deletionTimestamp = new Date().toISOString();
          const metadata = { ...before.metadata, deletionTimestamp };
          write(resource.kind, key, { ...before, metadata });
        }
      }),
    watch: (resource, options, signal) => follow(resource, options, signal),
    raw: (method, path, options) =>
      Promise.resolve().then(() => fake.answerRaw(method, path, options?.body)),
  };

  function listed(resource: Resource, options: ListOptions): Loose[] {
    return [...stored.values()]
      .filter((object) => isWanted(resource, options, object))
      .sort((a, b) => keyOf(resource, a.metadata).localeCompare(keyOf(resource, b.metadata)));
  }

  async function* follow<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    note({ verb: "watch", kind: resource.kind, namespace: options.namespace });
    const queue: unknown[] = [
      { type: "RESYNC", objects: structuredClone(listed(resource, options)) },
    ];
    let wake = () => undefined as unknown;
    const tell = (change: Change, kind: string) => {
      if (change !== "resync" && kind !== resource.kind) return;
      const event =
        change === "resync"
          ? { type: "RESYNC", objects: listed(resource, options) }
          : eventOf(change, (object) => isWanted(resource, options, object));
      if (event) queue.push(structuredClone(event));
      wake();
    };
    const abort = () => {
      wake();
    };
    watchers.add(tell);
    signal.addEventListener("abort", abort);
    try {
      for (;;) {
        while (queue.length > 0 && !signal.aborted) {
          options.onContact?.();
          yield queue.shift() as WatchEvent<T>;
        }
        if (signal.aborted) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      watchers.delete(tell);
      signal.removeEventListener("abort", abort);
    }
  }

  fake.seed(...seeds);
  return fake;
}

function eventOf(change: Exclude<Change, "resync">, isSeen: (object: Loose) => boolean) {
  const was = change.before !== undefined && isSeen(change.before);
  const is = change.after !== undefined && isSeen(change.after);
  if (is) return { type: was ? "MODIFIED" : "ADDED", object: change.after };
  return was ? { type: "DELETED", object: change.before } : undefined;
}

function isWanted(resource: Resource, options: ListOptions, object: Loose): boolean {
  return (
    object.kind === resource.kind &&
    object.apiVersion === resource.apiVersion &&
    (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
    matches(object, options.labelSelector, options.fieldSelector)
  );
}

function checkPreconditions(resource: Resource, before: Loose, wanted: Loose): void {
  const { resourceVersion, uid } = wanted.metadata;
  const stale =
    (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) ||
    (uid !== undefined && uid !== before.metadata.uid);
  if (stale) throw conflict(`${resource.plural} "${before.metadata.name}" has been modified`);
}

function conflict(message: string): ClouderError {
  return new ClouderError("conflict", message, {
    retryable: true,
    details: { status: 409, reason: "Conflict" },
  });
}

/** A pod's status is the one through which labels and annotations can be written, too. */
function podMetadata(resource: Resource, before: Loose, wanted: Loose): Partial<Loose> {
  if (resource.kind !== "Pod") return {};
  const { labels, annotations } = wanted.metadata;
  const metadata = {
    ...before.metadata,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { metadata };
}

function sameBesidesMeta(a: Loose, b: Loose): boolean {
  const body = (object: Loose) => JSON.stringify({ ...object, metadata: null, status: null });
  return body(a) === body(b);
}

function keyOf(resource: { apiVersion: string; kind: string }, name: ObjectName): string {
  return [resource.apiVersion, resource.kind, name.namespace ?? "", name.name].join("|");
}

function pick({ name, namespace }: ObjectName): ObjectName {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Answers come later and are the caller's own, as over a wire. */
async function answer(work: () => unknown): Promise<never> {
  await Promise.resolve();
  return structuredClone(work()) as never;
}
