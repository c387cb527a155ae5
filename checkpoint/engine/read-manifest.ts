import { ClouderError, hasCode } from "#core/error";
import { checkpointPrefix, manifestFile, type Manifest } from "#checkpoint/archive/manifest";
import type { Store } from "#checkpoint/stores/store";

export interface CheckpointPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly id: string;
}

const largestManifest = 16 << 20;

/** Reads and checks the manifest of one checkpoint; `integrity` when it is not what it should be. */
export async function readManifest(
  store: Store,
  place: CheckpointPlace,
  signal?: AbortSignal,
): Promise<Manifest> {
  const key = `${checkpointPrefix(place.namespace, place.pod, place.id)}${manifestFile}`;
  const manifest = parse(await readSmall(store, key, signal), key);
  const format: unknown = manifest.format;
  if (format !== 1) {
    throw new ClouderError("unsupported", `${key} has format ${String(format)}`, {
      hint: "it was made by a newer kubectl-clouder: upgrade with kubectl clouder upgrade",
    });
  }
  const { source } = manifest;
  if (
    source.namespace !== place.namespace ||
    source.pod !== place.pod ||
    manifest.id !== place.id
  ) {
    throw damaged(key, `describes ${source.namespace}/${source.pod}/${manifest.id}`);
  }
  for (const container of manifest.containers) {
    if (!isPlain(container.name) || !isPlain(container.archive) || !isPlain(container.index)) {
      throw damaged(key, "names files outside of its folder");
    }
  }
  return manifest;
}

async function readSmall(store: Store, key: string, signal?: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of await store.get(key, { signal })) {
      bytes += chunk.length;
      if (bytes > largestManifest) throw damaged(key, "is larger than 16 MiB");
      chunks.push(chunk);
    }
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `${store.location} holds no ${key}`, {
      cause: error,
      hint: "see what is there: kubectl clouder checkpoint list",
    });
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, key: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(key, "is no JSON", error);
  }
  const manifest = value as Partial<Manifest> | null;
  const whole =
    typeof manifest === "object" &&
    typeof manifest?.source?.namespace === "string" &&
    typeof manifest.template?.spec === "object" &&
    typeof manifest.compatibility?.architecture === "string" &&
    Array.isArray(manifest.containers) &&
    manifest.containers.length > 0;
  if (!whole) throw damaged(key, "lacks required fields");
  return manifest as Manifest;
}

function isPlain(name: unknown): boolean {
  return typeof name === "string" && /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name);
}

function damaged(key: string, what: string, cause?: unknown): ClouderError {
  return new ClouderError("integrity", `${key} ${what}`, {
    hint: "the stored checkpoint is damaged or was tampered with; use another one",
    ...(cause === undefined ? {} : { cause }),
  });
}
