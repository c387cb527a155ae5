import { ClouderError, hasCode } from "#core/error";
import { isCheckpointId } from "#checkpoint/archive/checkpoint-id";
import { checkpointPrefix, manifestFile } from "#checkpoint/archive/manifest";
import type { Manifest } from "#checkpoint/archive/manifest";
import {
  formatManifest,
  largestManifestBytes,
  parseManifest,
} from "#checkpoint/archive/manifest-document";
import { mapOrdered } from "#checkpoint/archive/map-ordered";
import { oneChunk, readSmallObject } from "#checkpoint/archive/small-object";
import type { Store } from "#checkpoint/stores/store";

/** Manifests read at once while listing. */
const readsUnderWay = 8;

/**
 * The commit mark: call it when all containers are stored. The same manifest is written again
 * without harm.
 */
export async function writeManifest(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  const { namespace, pod } = manifest.source;
  const key = `${checkpointPrefix(namespace, pod, manifest.id)}${manifestFile}`;
  // Read back strictly before it is written: a manifest that nobody can read must never be.
  const text = formatManifest(parseManifest(key, formatManifest(manifest)));
  await store.put(key, oneChunk(Buffer.from(text)), { signal });
}

/** `not-found` when there is no such checkpoint, `integrity` when it is another's manifest. */
export async function readManifest(
  store: Store,
  namespace: string,
  pod: string,
  id: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  const key = `${checkpointPrefix(namespace, pod, id)}${manifestFile}`;
  const bytes = await readSmallObject(store, key, largestManifestBytes, signal).catch(
    (error: unknown) => {
      if (!hasCode(error, "not-found")) throw error;
      throw new ClouderError("not-found", `no checkpoint ${id} of pod ${namespace}/${pod}`, {
        cause: error,
        hint: "see kubectl clouder checkpoint list",
      });
    },
  );
  const manifest = parseManifest(key, bytes.toString("utf8"));
  const { source } = manifest;
  if (manifest.id !== id || source.namespace !== namespace || source.pod !== pod) {
    throw new ClouderError("integrity", `${key} is the manifest of another checkpoint`);
  }
  return manifest;
}

/** Which checkpoints to list: all, those of a namespace, or those of a pod. */
export interface CheckpointFilter {
  readonly namespace?: string;
  /** Only with a namespace. */
  readonly pod?: string;
}

/** A checkpoint, or what is wrong with one: a single bad manifest hides no other. */
export type ListedCheckpoint =
  | { readonly manifest: Manifest; readonly prefix: string }
  | { readonly error: ClouderError; readonly prefix: string };

/** Whole checkpoints, by namespace, pod and time; reads nothing but their manifests. */
export async function* listCheckpoints(
  store: Store,
  filter: CheckpointFilter = {},
  signal?: AbortSignal,
): AsyncGenerator<ListedCheckpoint, void, undefined> {
  const { namespace, pod } = filter;
  const below = [namespace, namespace === undefined ? undefined : pod];
  const prefix = below.flatMap((name) => (name === undefined ? [] : [`${name}/`])).join("");
  yield* mapOrdered(manifestKeys(store, prefix, signal), readsUnderWay, async (found) => {
    const at = checkpointPrefix(found.namespace, found.pod, found.id);
    try {
      const manifest = await readManifest(store, found.namespace, found.pod, found.id, signal);
      return { manifest, prefix: at };
    } catch (error) {
      if (!hasCode(error, "integrity", "unsupported", "not-found")) throw error;
      return { error, prefix: at };
    }
  });
}

async function* manifestKeys(store: Store, prefix: string, signal: AbortSignal | undefined) {
  for await (const { key } of store.list(prefix, signal)) {
    const [namespace, pod, id, file, ...more] = key.split("/");
    if (namespace === undefined || pod === undefined || id === undefined) continue;
    if (file === manifestFile && more.length === 0 && isCheckpointId(id)) {
      yield { namespace, pod, id };
    }
  }
}

/**
 * Removes the manifest first, so that no half checkpoint is ever listed, then all the rest and the
 * parts of unfinished uploads. Idempotent.
 */
export async function removeCheckpoint(
  store: Store,
  namespace: string,
  pod: string,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  if (!isCheckpointId(id)) throw new ClouderError("usage", `"${id}" is no checkpoint id`);
  const prefix = checkpointPrefix(namespace, pod, id);
  await store.remove(`${prefix}${manifestFile}`, signal);
  const rest: string[] = [];
  for await (const { key } of store.list(prefix, signal)) rest.push(key);
  for (const key of rest) await store.remove(key, signal);
  await store.removeUnfinished(prefix, signal);
}
