import { createHash, randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { ClouderError, throwIfCancelled } from "#core/error";
import { createContainerClient } from "#checkpoint/stores/azblob-client";
import { azblobError } from "#checkpoint/stores/azblob-error";
import { checkStore } from "#checkpoint/stores/check-store";
import { untilCancelled, validKey, validPrefix, validRange } from "#checkpoint/stores/key";
import { parseLocation, printLocation } from "#checkpoint/stores/location";
import { wholeBody } from "#checkpoint/stores/network-error";
import { uploadInParts } from "#checkpoint/stores/parts";
import type { PartSink } from "#checkpoint/stores/parts";
import type { GetOptions, Store, StoreDriver, StoredObject } from "#checkpoint/stores/store";

/** Azure Blob Storage, block blobs. */
export const azblobDriver: StoreDriver = {
  open: async (settings) => {
    const location = parseLocation(settings.url);
    if (location.scheme !== "azblob") {
      throw new ClouderError("usage", `"${settings.url}" is no azblob or az URL`);
    }
    return openAzblobStore({
      container: await createContainerClient(location, settings),
      prefix: location.prefix,
      location: printLocation(location),
    });
  },
};

interface Place {
  readonly container: ContainerClient;
  readonly prefix: string;
  readonly location: string;
}

function openAzblobStore(place: Place): Store {
  const { container, location } = place;
  const blobOf = (key: string) => container.getBlockBlobClient(`${place.prefix}${validKey(key)}`);
  const translated = async <T>(key: string | undefined, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw azblobError(error, location, key);
    }
  };
  const store: Store = {
    location,
    put: (key, body, options) =>
      translated(key, async () => {
        const bytes = await uploadInParts(body, blockSink(container, blobOf(key)), options);
        return { key, bytes };
      }),
    get: (key, options) => translated(key, () => get(place, key, blobOf(key), options)),
    stat: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        const found = await blobOf(key).getProperties(withSignal(signal));
        return { key, bytes: found.contentLength ?? 0 };
      }),
    list: (prefix, signal) => untilCancelled(list(place, validPrefix(prefix), signal), signal),
    remove: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        await blobOf(key).deleteIfExists({ deleteSnapshots: "include", ...withSignal(signal) });
      }),
    check: (signal) => checkStore(store, signal),
    removeUnfinished: (prefix, signal) =>
      translated(undefined, () => removeUnfinished(place, validPrefix(prefix), signal)),
    close: () => Promise.resolve(),
  };
  return store;
}

function withSignal(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Every block carries its MD5, which the server checks; only the committed list makes a blob. */
function blockSink(container: ContainerClient, blob: BlockBlobClient): PartSink<string> {
  // Blocks of two uploads of one key must not be taken for each other.
  const upload = randomBytes(6).toString("hex");
  const blobHTTPHeaders = { blobContentType: "application/octet-stream" };
  return {
    single: async (bytes, abortSignal) => {
      const options = { abortSignal, blobHTTPHeaders, transactionalContentMD5: md5(bytes) };
      await blob.upload(bytes, bytes.length, options);
    },
    begin: () => Promise.resolve(),
    part: async (number, bytes, abortSignal) => {
      const id = Buffer.from(`${upload}-${String(number).padStart(6, "0")}`).toString("base64");
      const options = { abortSignal, transactionalContentMD5: md5(bytes) };
      await blob.stageBlock(id, bytes, bytes.length, options);
      return id;
    },
    complete: async (ids, abortSignal) => {
      await blob.commitBlockList([...ids], { abortSignal, blobHTTPHeaders });
    },
    abort: () => dropLateBlocks(container, blob),
  };
}

function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}

/** A block whose request was ended here may have reached the server, which takes it in a moment later. */
async function dropLateBlocks(container: ContainerClient, blob: BlockBlobClient): Promise<void> {
  const abortSignal = AbortSignal.timeout(15_000);
  const options = { prefix: blob.name, includeUncommitedBlobs: true, abortSignal };
  for (let found = true; found;) {
    await dropBlocks(blob, abortSignal);
    await setTimeout(250);
    found = false;
    for await (const { name } of container.listBlobsFlat(options)) found ||= name === blob.name;
  }
}

/**
 * Staged blocks cannot be deleted; committing an empty list drops them and leaves an empty blob,
 * which can. Only where there is no blob: an older one stays as it was, and Azure drops the blocks
 * after a week.
 */
async function dropBlocks(blob: BlockBlobClient, signal: AbortSignal | undefined): Promise<void> {
  const abortSignal = signal ?? AbortSignal.timeout(15_000);
  await blob.commitBlockList([], { abortSignal, conditions: { ifNoneMatch: "*" } });
  await blob.deleteIfExists({ abortSignal });
}

async function get(
  place: Place,
  key: string,
  blob: BlockBlobClient,
  options: GetOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const { offset, length } = validRange(options);
  const { signal } = options;
  throwIfCancelled(signal);
  const nothing = async () => {
    await blob.getProperties(withSignal(signal));
    return untilCancelled(noChunks(), signal);
  };
  if (length === 0) return nothing();
  try {
    const answer = await blob.download(offset, length, {
      ...withSignal(signal),
      maxRetryRequests: 0,
    });
    const body = answer.readableStreamBody;
    if (body === undefined) throw new ClouderError("unsupported", `${place.location} sent no body`);
    const chunks = body as AsyncIterable<Uint8Array>;
    const checked = wholeBody(chunks, answer.contentLength, place.location, (error) =>
      azblobError(error, place.location, key),
    );
    return untilCancelled(checked, signal);
  } catch (error) {
    // The range starts at or behind the end, or the blob is empty.
    if ((error as { statusCode?: number }).statusCode === 416) return nothing();
    throw error;
  }
}

async function* noChunks(): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield* [];
}

async function* list(
  place: Place,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject> {
  const options = { prefix: `${place.prefix}${prefix}`, ...withSignal(signal) };
  try {
    for await (const blob of place.container.listBlobsFlat(options)) {
      yield {
        key: blob.name.slice(place.prefix.length),
        bytes: blob.properties.contentLength ?? 0,
      };
    }
  } catch (error) {
    throw azblobError(error, place.location);
  }
}

async function removeUnfinished(
  place: Place,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { container } = place;
  const options = { prefix: `${place.prefix}${prefix}`, ...withSignal(signal) };
  const whole = new Set<string>();
  for await (const blob of container.listBlobsFlat(options)) whole.add(blob.name);
  let removed = 0;
  const all = container.listBlobsFlat({ ...options, includeUncommitedBlobs: true });
  for await (const { name } of all) {
    if (whole.has(name)) continue;
    await dropBlocks(container.getBlockBlobClient(name), signal);
    removed += 1;
  }
  return removed;
}
