import type { Kube, KubeObject, Resource } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { pods } from "#kube/resources";
import { finalizers } from "#checkpoint/api/names";
import { type Checkpoint, checkpoints, type Restore, restores } from "#checkpoint/api/types";
import { failed } from "#checkpoint/api/failed-status";
import { assignCheckpoint } from "#checkpoint/controller/assign-checkpoint";
import { chooseNode } from "#checkpoint/controller/choose-node";
import { isExpired, isPodOf, lookAgainMs } from "#checkpoint/controller/expired-restores";
import { isLeftover, mayHaveLeftPod } from "#checkpoint/controller/leftover-pods";
import { deletion, isAtWork, lostWork } from "#checkpoint/controller/lost-work";
import { candidates, readWorld, type World } from "#checkpoint/controller/world";
import { hasCode, isClouderError, messageOf } from "#core/error";
import type { LogEntry } from "#core/log";

/** What the controller keeps between passes; all of it can be lost without harm. */
export interface ControllerState {
  /** By `namespace/name`, from the watches. */
  readonly checkpoints: Map<string, Checkpoint>;
  readonly restores: Map<string, Restore>;
  /** UIDs of failed Restores whose pod is known to be gone. */
  readonly cleaned: Set<string>;
  /** By UID: when the pod of an expired Restore is asked about again. */
  readonly lookAgainAt: Map<string, number>;
}

export interface PassContext {
  readonly kube: Kube;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}

/** One look at everything that waits for the controller. Errors of one object leave the others be. */
export async function runPass(state: ControllerState, context: PassContext): Promise<void> {
  const world = readWorld(context.kube);
  for (const checkpoint of oldestFirst(state.checkpoints)) {
    await guarded(context, checkpoint, () => dealWithCheckpoint(checkpoint, world, context));
  }
  for (const restore of oldestFirst(state.restores)) {
    await guarded(context, restore, () => dealWithRestore(restore, world, state, context));
  }
}

async function dealWithCheckpoint(
  checkpoint: Checkpoint,
  world: World,
  context: PassContext,
): Promise<void> {
  if (checkpoint.metadata.deletionTimestamp !== undefined) {
    await dealWithDeletion(checkpoint, world, context);
  } else if (isNew(checkpoint)) {
    const { podName: name } = checkpoint.spec;
    const pod = await find(context.kube, pods, { ...namespaceOf(checkpoint), name });
    const [stores, facts] = await Promise.all([world.stores(), world.facts()]);
    const status = assignCheckpoint(checkpoint, { pod, stores, facts, now: context.now() });
    await setStatus(context, checkpoints, checkpoint, status);
  } else if (isAtWork(checkpoint)) {
    await failIfLost(context, checkpoints, checkpoint, world);
  }
}

async function dealWithDeletion(
  checkpoint: Checkpoint,
  world: World,
  context: PassContext,
): Promise<void> {
  if (!(checkpoint.metadata.finalizers ?? []).includes(finalizers.storedData)) return;
  const [stores, nodes, facts] = await Promise.all([world.stores(), world.nodes(), world.facts()]);
  const store = stores.find((one) => one.metadata.name === checkpoint.status?.storeName);
  const next = deletion(checkpoint, store, { nodes, facts, now: context.now() });
  if (next?.kind === "move") {
    await setStatus(context, checkpoints, checkpoint, { nodeName: next.nodeName });
  } else if (next?.kind === "nothing-stored") {
    const kept = (checkpoint.metadata.finalizers ?? []).filter(
      (one) => one !== finalizers.storedData,
    );
    await context.kube.patch(checkpoints, nameOf(checkpoint), {
      metadata: { finalizers: kept, resourceVersion: checkpoint.metadata.resourceVersion },
    });
  }
}

async function dealWithRestore(
  restore: Restore,
  world: World,
  state: ControllerState,
  context: PassContext,
): Promise<void> {
  if (restore.metadata.deletionTimestamp !== undefined) return;
  if (isNew(restore)) {
    const checkpoint = await checkpointOf(restore, context.kube);
    const unfinished = checkpoint !== undefined && checkpoint.status?.phase !== "Completed";
    const found = unfinished
      ? []
      : await candidates(world, state.restores.values(), (other) =>
          state.checkpoints.get(keyOfCheckpoint(other)),
        );
    const around = { checkpoint, candidates: found, now: context.now() };
    const status = chooseNode(restore, around);
    await setStatus(context, restores, restore, status);
    if (status.phase === "Scheduled") {
      state.restores.set(keyOf(restore), { ...restore, status });
    }
  } else if (isAtWork(restore)) {
    await failIfLost(context, restores, restore, world);
  } else {
    await removeLeftPod(restore, state, context);
    await removeExpired(restore, state, context);
  }
}

async function removeExpired(restore: Restore, state: ControllerState, context: PassContext) {
  const { uid = "" } = restore.metadata;
  const now = context.now();
  if (!isExpired(restore, now) || now < (state.lookAgainAt.get(uid) ?? 0)) return;
  const podName = { ...namespaceOf(restore), name: restore.spec.podName };
  if (isPodOf(restore, await find(context.kube, pods, podName))) {
    state.lookAgainAt.set(uid, now + lookAgainMs);
    return;
  }
  await context.kube.remove(restores, nameOf(restore), { uid });
  state.lookAgainAt.delete(uid);
  context.log({ level: "info", message: "removed an old Restore", object: keyOf(restore) });
}

async function removeLeftPod(restore: Restore, state: ControllerState, context: PassContext) {
  const uid = restore.metadata.uid ?? "";
  if (state.cleaned.has(uid) || !mayHaveLeftPod(restore, context.now())) return;
  const name = { ...namespaceOf(restore), name: restore.spec.podName };
  const pod: Pod | undefined = await find(context.kube, pods, name);
  if (pod && isLeftover(restore, pod)) {
    const { uid: podUID = "" } = pod.metadata;
    await context.kube.remove(pods, name, { uid: podUID });
    context.log({ level: "info", message: "removed the pod of a failed restore", ...name });
  }
  state.cleaned.add(uid);
}

async function failIfLost<T extends Checkpoint | Restore>(
  context: PassContext,
  resource: Resource<T>,
  object: T,
  world: World,
): Promise<void> {
  const [nodes, facts] = await Promise.all([world.nodes(), world.facts()]);
  const error = lostWork(object, { nodes, facts, now: context.now() });
  if (!error) return;
  const now = new Date(context.now()).toISOString();
  await setStatus(context, resource, object, failed(object, error, "Completed", now));
}

/** Writes only what differs, and only onto the version that was judged. */
async function setStatus<T extends Checkpoint | Restore>(
  context: PassContext,
  resource: Resource<T>,
  object: T,
  status: object,
): Promise<void> {
  const old = (object.status ?? {}) as Readonly<Record<string, unknown>>;
  const changed = Object.entries(status).filter(
    ([field, value]) => JSON.stringify(old[field]) !== JSON.stringify(value),
  );
  if (changed.length === 0) return;
  await context.kube.patch(
    resource,
    nameOf(object),
    {
      metadata: { resourceVersion: object.metadata.resourceVersion },
      status: Object.fromEntries(changed),
    },
    "status",
  );
  const { phase, nodeName } = status as { readonly phase?: string; readonly nodeName?: string };
  context.log({
    level: phase === "Failed" ? "warn" : "info",
    message: `${object.kind} ${phase ?? "changed"}`,
    object: keyOf(object),
    node: nodeName,
    error: (status as { readonly error?: { readonly message: string } }).error?.message,
  });
}

async function checkpointOf(restore: Restore, kube: Kube): Promise<Checkpoint | undefined> {
  const [namespace = "", name = ""] = keyOfCheckpoint(restore).split("/");
  return find(kube, checkpoints, { namespace, name });
}

async function find<T extends KubeObject>(
  kube: Kube,
  resource: Resource<T>,
  name: { readonly namespace: string; readonly name: string },
): Promise<T | undefined> {
  try {
    return await kube.get(resource, name);
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}

/** A conflict means that somebody was faster: the watch brings the newer version. */
async function guarded(context: PassContext, object: KubeObject, work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    if (hasCode(error, "conflict", "not-found")) return;
    const level = isClouderError(error) && error.retryable ? "warn" : "error";
    context.log({ level, message: messageOf(error), kind: object.kind, object: keyOf(object) });
  }
}

function isNew(object: Checkpoint | Restore): boolean {
  return (object.status?.phase ?? "Pending") === "Pending";
}

export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function keyOfCheckpoint(restore: Restore): string {
  const namespace = restore.spec.checkpointNamespace ?? restore.metadata.namespace ?? "";
  return `${namespace}/${restore.spec.checkpointName}`;
}

function namespaceOf(object: KubeObject): { readonly namespace: string } {
  return { namespace: object.metadata.namespace ?? "default" };
}

function nameOf(object: KubeObject) {
  return { ...namespaceOf(object), name: object.metadata.name };
}

function oldestFirst<T extends KubeObject>(objects: ReadonlyMap<string, T>): readonly T[] {
  const time = (object: T) => object.metadata.creationTimestamp ?? "";
  return [...objects.values()].sort(
    (a, b) => time(a).localeCompare(time(b)) || keyOf(a).localeCompare(keyOf(b)),
  );
}
