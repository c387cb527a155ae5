import { createHash } from "node:crypto";
import { ClouderError } from "#core/error";
import type { StoredContainerOptions } from "#checkpoint/archive/container-archive";
import { largestIndexBytes, parseIndex } from "#checkpoint/archive/container-index";
import type { ContainerIndex } from "#checkpoint/archive/container-index";
import type { ContainerRecord } from "#checkpoint/archive/manifest";
import { createOrderedDigest } from "#checkpoint/archive/ordered-digest";
import { readFrames } from "#checkpoint/archive/read-frames";
import { readSmallObject } from "#checkpoint/archive/small-object";

/** A stored container's archive, opened by its index alone. */
export interface StoredContainer {
  readonly index: ContainerIndex;
  /**
   * The kubelet's tar bit for bit. Every frame is verified before a byte of it is given, the
   * digest of the whole before the end: `integrity` names object, frame and tar entry.
   */
  readRaw(): AsyncIterable<Uint8Array>;
  /** A metadata file that the index carries (`config.dump`, `spec.dump`, …), else undefined. */
  inlineFile(name: string): Buffer | undefined;
}

/** Reads and verifies the index; `not-found` when it is gone, `integrity` when it was changed. */
export async function openContainerArchive(
  options: StoredContainerOptions,
): Promise<StoredContainer> {
  const { store, prefix, record, signal } = options;
  const key = `${prefix}${record.index}`;
  const bytes = await readSmallObject(store, key, largestIndexBytes, signal);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== record.indexSha256) {
    throw new ClouderError("integrity", `${key} is not the index that the manifest names`, {
      hint: "the stored checkpoint was changed or damaged; restore another one",
    });
  }
  const index = parseIndex(key, bytes.toString("utf8"));
  requireSame(key, index, record);
  return {
    index,
    readRaw: () => readVerified(options, index),
    inlineFile: (name) => {
      const file = Object.hasOwn(index.files, name) ? index.files[name] : undefined;
      return file && Buffer.from(file.data, "base64");
    },
  };
}

function requireSame(key: string, index: ContainerIndex, record: ContainerRecord): void {
  const same =
    index.container === record.name &&
    index.rawBytes === record.rawBytes &&
    index.storedBytes === record.storedBytes &&
    index.rawSha256 === record.rawSha256 &&
    index.storedSha256 === record.storedSha256;
  if (!same) throw new ClouderError("integrity", `${key} and the manifest contradict each other`);
}

async function* readVerified(
  options: StoredContainerOptions,
  index: ContainerIndex,
): AsyncGenerator<Uint8Array> {
  await using digest = createOrderedDigest({ expectedBytes: index.rawBytes });
  for await (const frame of readFrames(options, index, digest)) yield frame.bytes;
  await requireRawDigest(`${options.prefix}${options.record.archive}`, index, digest);
}

async function requireRawDigest(
  key: string,
  index: ContainerIndex,
  digest: { digest(): Promise<string> },
): Promise<void> {
  const found = await digest.digest();
  if (found === index.rawSha256) return;
  throw new ClouderError(
    "integrity",
    `${key} does not unpack to the archive that was checkpointed`,
    {
      hint: "the stored checkpoint was changed or damaged; restore another one",
    },
  );
}
