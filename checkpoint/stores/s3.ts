import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { ClouderError, throwIfCancelled } from "#core/error";
import { checkStore } from "#checkpoint/stores/check-store";
import { untilCancelled, validKey, validPrefix, validRange } from "#checkpoint/stores/key";
import { parseLocation, printLocation } from "#checkpoint/stores/location";
import { wholeBody } from "#checkpoint/stores/network-error";
import { uploadInParts } from "#checkpoint/stores/parts";
import type { PartSink } from "#checkpoint/stores/parts";
import { createS3Client } from "#checkpoint/stores/s3-client";
import { s3Error } from "#checkpoint/stores/s3-error";
import type { GetOptions, Store, StoreDriver, StoredObject } from "#checkpoint/stores/store";

/** Amazon S3 and compatible servers. */
export const s3Driver: StoreDriver = {
  open: (settings) => {
    const location = parseLocation(settings.url);
    if (location.scheme !== "s3") {
      return Promise.reject(new ClouderError("usage", `"${settings.url}" is no s3 URL`));
    }
    const { bucket, prefix } = location;
    const place: Place = {
      client: createS3Client(settings),
      bucket,
      prefix,
      location: printLocation(location),
      encryption:
        settings.s3?.kmsKeyId === undefined
          ? {}
          : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: settings.s3.kmsKeyId },
    };
    return Promise.resolve(openS3Store(place));
  },
};

interface Place {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly location: string;
  readonly encryption: { ServerSideEncryption?: "aws:kms"; SSEKMSKeyId?: string };
}

function openS3Store(place: Place): Store {
  const { client, location } = place;
  const nameOf = (key: string) => ({
    Bucket: place.bucket,
    Key: `${place.prefix}${validKey(key)}`,
  });
  const translated = async <T>(key: string | undefined, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, location, key);
    }
  };
  const store: Store = {
    location,
    put: (key, body, options) =>
      translated(key, async () => {
        const bytes = await uploadInParts(body, partSink(place, nameOf(key)), options);
        return { key, bytes };
      }),
    get: (key, options) => translated(key, () => get(place, key, nameOf(key), options)),
    stat: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        const head = await client.send(new HeadObjectCommand(nameOf(key)), withSignal(signal));
        return { key, bytes: head.ContentLength ?? 0 };
      }),
    list: (prefix, signal) => untilCancelled(list(place, validPrefix(prefix), signal), signal),
    remove: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        await client.send(new DeleteObjectCommand(nameOf(key)), withSignal(signal));
      }),
    check: (signal) => checkStore(store, signal),
    removeUnfinished: (prefix, signal) =>
      translated(undefined, () => removeUnfinished(place, validPrefix(prefix), signal)),
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
  return store;
}

function withSignal(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

interface Name {
  readonly Bucket: string;
  readonly Key: string;
}

/** Every part carries its CRC32, the completed object the one over all parts: the server checks both. */
function partSink(place: Place, name: Name): PartSink<CompletedPart> {
  const { client, encryption } = place;
  const checksums: Buffer[] = [];
  let upload: { UploadId: string } | undefined;
  const session = () => {
    if (!upload) throw new ClouderError("internal", "the multi-part upload was not begun");
    return { ...name, ...upload };
  };
  return {
    single: async (bytes, signal) => {
      const ChecksumCRC32 = checksumOf(bytes).toString("base64");
      const put = { ...name, ...encryption, Body: bytes, ChecksumCRC32, ...octets };
      await client.send(new PutObjectCommand(put), withSignal(signal));
    },
    begin: async (signal) => {
      const create = { ...name, ...encryption, ChecksumAlgorithm: "CRC32" as const, ...octets };
      const begun = await client.send(new CreateMultipartUploadCommand(create), withSignal(signal));
      if (begun.UploadId === undefined) throw noAnswer(place, "an upload id");
      upload = { UploadId: begun.UploadId };
    },
    part: async (number, bytes, signal) => {
      const checksum = checksumOf(bytes);
      const ChecksumCRC32 = checksum.toString("base64");
      const part = { ...session(), PartNumber: number, Body: bytes, ChecksumCRC32 };
      const { ETag } = await client.send(new UploadPartCommand(part), withSignal(signal));
      if (ETag === undefined) throw noAnswer(place, "an ETag");
      checksums[number - 1] = checksum;
      return { ETag, PartNumber: number, ChecksumCRC32 };
    },
    complete: async (parts, signal) => {
      const MultipartUpload = { Parts: [...parts] };
      const completed = await client.send(
        new CompleteMultipartUploadCommand({ ...session(), MultipartUpload }),
        withSignal(signal),
      );
      const found = completed.ChecksumCRC32;
      const wanted = checksumOf(Buffer.concat(checksums)).toString("base64");
      // Servers that keep no checksum of the whole say nothing; they have checked the parts.
      const composite = found?.endsWith(`-${parts.length}`) ?? false;
      if (composite && found !== `${wanted}-${parts.length}`) {
        throw new ClouderError("integrity", `${place.location} put the parts together wrongly`);
      }
    },
    abort: async () => {
      if (!upload) return;
      const abortSignal = AbortSignal.timeout(15_000);
      await client.send(new AbortMultipartUploadCommand(session()), { abortSignal });
    },
  };
}

const octets = { ContentType: "application/octet-stream" };

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum;
}

function noAnswer(place: Place, what: string): ClouderError {
  return new ClouderError("unsupported", `${place.location} answers without ${what}`);
}

async function get(
  place: Place,
  key: string,
  name: Name,
  options: GetOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const { client, location } = place;
  const { offset, length } = validRange(options);
  const { signal } = options;
  throwIfCancelled(signal);
  const nothing = async () => {
    await client.send(new HeadObjectCommand(name), withSignal(signal));
    return untilCancelled(noChunks(), signal);
  };
  if (length === 0) return nothing();
  const whole = offset === 0 && length === undefined;
  const Range = `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
  const request = new GetObjectCommand({ ...name, ...(whole ? {} : { Range }) });
  try {
    const { Body, ContentLength } = await client.send(request, withSignal(signal));
    if (Body === undefined) throw noAnswer(place, "a body");
    const chunks = Body as unknown as AsyncIterable<Uint8Array>;
    const checked = wholeBody(chunks, ContentLength, location, (error) =>
      s3Error(error, location, key),
    );
    return untilCancelled(checked, signal);
  } catch (error) {
    // The range starts at or behind the end, or the object is empty.
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 416) return nothing();
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
  const all = { Bucket: place.bucket, Prefix: `${place.prefix}${prefix}` };
  let from: { ContinuationToken?: string } = {};
  for (;;) {
    const page = await place.client
      .send(new ListObjectsV2Command({ ...all, ...from }), withSignal(signal))
      .catch((error: unknown) => {
        throw s3Error(error, place.location);
      });
    for (const { Key, Size } of page.Contents ?? []) {
      // Some servers list folders of their own as objects.
      if (Key === undefined || Key.endsWith("/")) continue;
      yield { key: Key.slice(place.prefix.length), bytes: Size ?? 0 };
    }
    if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
    from = { ContinuationToken: page.NextContinuationToken };
  }
}

async function removeUnfinished(
  place: Place,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { client, bucket } = place;
  const Prefix = `${place.prefix}${prefix}`;
  let removed = 0;
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const request = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix, ...from });
    const page = await client.send(request, withSignal(signal));
    for (const { Key, UploadId } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || !Key.startsWith(Prefix)) continue;
      const upload = { Bucket: bucket, Key, UploadId };
      await client.send(new AbortMultipartUploadCommand(upload), withSignal(signal));
      removed += 1;
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    if (page.IsTruncated !== true || KeyMarker === undefined) return removed;
    from = { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) };
  }
}
