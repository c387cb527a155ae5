import { volumeHints } from "#checkpoint/engine/volume-hints";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock";
import { ClouderError, throwIfCancelled } from "#core/error";
import type {
  UnpackContainerOptions,
  UnpackedContainer,
} from "#checkpoint/archive/container-archive";
import {
  checkpointPrefix,
  type ContainerRecord,
  type Manifest,
} from "#checkpoint/archive/manifest";
import { readManifest } from "#checkpoint/archive/catalog";
import { annotations } from "#checkpoint/api/names";
import type { Checkpoint, NodeFacts, PodTemplate, Progress } from "#checkpoint/api/types";
import { restoreProblem } from "#checkpoint/compatibility/mechanism";
import { incompatibility } from "#checkpoint/compatibility/rule";
import type { RestoreRecord } from "#checkpoint/handler/record";
import { imagesByID, pinImages, pinnedName } from "#checkpoint/engine/pinned-images";
import { longRunning } from "#checkpoint/engine/plan-checkpoint";
import { requireRoom } from "#checkpoint/engine/room";
import { writeDurably } from "#checkpoint/engine/journal";
import type { Store } from "#checkpoint/stores/store";
import type { Pod } from "#kube/objects";

export interface StageEnvironment {
  readonly clock: Clock;
  /** The folder of all restores on this node. */
  readonly restores: string;
  /** For how long staged data waits for its pod. */
  readonly validMs: number;
  readonly facts: () => Promise<NodeFacts>;
  readonly unpackArchive: (options: UnpackContainerOptions) => Promise<UnpackedContainer>;
}

export interface StageRequest {
  readonly restoreUID: string;
  readonly namespace: string;
  readonly podName: string;
  readonly checkpoint: Checkpoint;
  readonly store: Store;
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface StagedRestore {
  readonly manifest: Manifest;
  /** The recorded pod with its images pinned. */
  readonly template: PodTemplate;
  readonly hints: readonly string[];
}

/**
 * Fetches a checkpoint, verifies it and lays it out for the restore helper. The record that gives it to
 * one pod is written last; a failure or cancellation leaves nothing behind.
 */
export async function stageRestore(
  environment: StageEnvironment,
  request: StageRequest,
): Promise<StagedRestore> {
  requireNamespace(request.checkpoint, request.namespace);
  const { checkpoint, store, signal } = request;
  const place = {
    namespace: checkpoint.metadata.namespace ?? "",
    pod: checkpoint.spec.podName,
    id: checkpoint.metadata.name,
  };
  const manifest = await readManifest(store, place.namespace, place.pod, place.id, signal);
  requireCompatible(manifest, await environment.facts());
  const prefix = checkpointPrefix(place.namespace, place.pod, place.id);
  await Promise.all(
    manifest.containers.map((record) => requireStored(store, prefix, record, signal)),
  );
  const folder = join(environment.restores, request.restoreUID);
  const totalBytes = manifest.containers.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "containers"), { recursive: true, mode: 0o700 });
  try {
    await requireRoom(environment.restores, totalBytes, `restoring ${place.id}`);
    const sofar = new Map<string, number>();
    for (const record of manifest.containers) {
      throwIfCancelled(signal);
      await environment.unpackArchive({
        store,
        prefix,
        record,
        folder: join(folder, "containers", record.name),
        signal,
        onProgress: (doneBytes) => {
          sofar.set(record.name, doneBytes);
          const sum = [...sofar.values()].reduce((total, bytes) => total + bytes, 0);
          request.onProgress({ doneBytes: Math.min(sum, totalBytes), totalBytes });
        },
      });
    }
    throwIfCancelled(signal);
    await writeDurably(
      folder,
      join(folder, "record.json"),
      `${JSON.stringify(recordOf(environment, request, manifest))}\n`,
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return { manifest, template: pinImages(manifest), hints: stageHints(manifest) };
}

function recordOf(
  environment: StageEnvironment,
  request: StageRequest,
  manifest: Manifest,
): RestoreRecord {
  return {
    uid: request.restoreUID,
    namespace: request.namespace,
    podName: request.podName,
    sourcePodIPs: manifest.source.podIPs,
    containers: manifest.containers.map(({ name }) => name),
    images: imagesByID(manifest.containers),
    expiresAt: new Date(environment.clock.now() + environment.validMs).toISOString(),
  };
}

/** Memory may go to another namespace only when the checkpoint's owner has said so. */
function requireNamespace(checkpoint: Checkpoint, namespace: string): void {
  const own = checkpoint.metadata.namespace ?? "";
  if (own === namespace) return;
  const allowed = (checkpoint.metadata.annotations?.[annotations.restoreFrom] ?? "")
    .split(",")
    .map((name) => name.trim());
  if (allowed.includes(namespace)) return;
  throw new ClouderError(
    "denied",
    `checkpoint ${own}/${checkpoint.metadata.name} may not be restored in namespace ${namespace}`,
    {
      hint: `its owner can allow it: kubectl annotate -n ${own} checkpoints.clouder.datalayer.io ${checkpoint.metadata.name} ${annotations.restoreFrom}=${namespace}`,
    },
  );
}

function requireCompatible(manifest: Manifest, facts: NodeFacts): void {
  const why = incompatibility(manifest.compatibility, facts);
  if (why !== undefined) {
    throw new ClouderError("unsupported", `node ${facts.nodeName} does not fit: ${why}`, {
      hint: "choose another node with --node, or bring this one up to date: kubectl clouder doctor --node",
      details: { reason: "incompatible", node: facts.nodeName },
    });
  }
  const problem = restoreProblem(facts);
  if (problem !== undefined) {
    throw new ClouderError("unsupported", `node ${facts.nodeName} cannot restore: ${problem}`, {
      hint: `see what it lacks: kubectl clouder doctor --node ${facts.nodeName}`,
      details: { reason: "handler", node: facts.nodeName },
    });
  }
}

async function requireStored(
  store: Store,
  prefix: string,
  record: ContainerRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = `${prefix}${record.archive}`;
  const { bytes } = await store.stat(key, signal);
  if (bytes === record.storedBytes) return;
  throw new ClouderError(
    "integrity",
    `${key} has ${bytes} bytes, its manifest says ${record.storedBytes}`,
    { hint: "the stored checkpoint is damaged; use another one" },
  );
}

function stageHints(manifest: Manifest): readonly string[] {
  const hints: string[] = [];
  const spec = manifest.template.spec as unknown as Pod["spec"];
  const staged = new Set(manifest.containers.map(({ name }) => name));
  const fresh = longRunning({ spec }).filter(({ name }) => !staged.has(name));
  if (fresh.length > 0) {
    hints.push(`not in the checkpoint, starts afresh: ${fresh.map(({ name }) => name).join(", ")}`);
  }
  const byName = manifest.containers.filter((record) => pinnedName(record) === undefined);
  if (byName.length > 0) {
    const names = [...new Set(byName.map(({ image }) => image))].join(", ");
    hints.push(`without a digest of its repository, told from others once it runs: ${names}`);
  }
  hints.push(...volumeHints(spec));
  return hints;
}
