import type { ContainerRecord } from "#checkpoint/archive/manifest";
import type { Store } from "#checkpoint/stores/store";

/** What goes in and out of the archive's jobs: write-container, read-container, unpack-container. */

/** Raw bytes of the kubelet's tar that have been dealt with. */
export type OnArchiveProgress = (doneBytes: number, totalBytes: number) => void;

/** `writeContainerArchive(options)` of write-container.ts. */
export interface WriteContainerOptions {
  /** The kubelet's tar on this node. Not removed here: that is its caller's, after success. */
  readonly source: string;
  /** Folder with the `pages-*.img` that the handler diverted; they take the place of empty entries. */
  readonly spool?: string | undefined;
  readonly store: Store;
  /** `checkpointPrefix(namespace, pod, id)`. */
  readonly prefix: string;
  readonly containerName: string;
  readonly onProgress?: OnArchiveProgress;
  readonly signal?: AbortSignal | undefined;
  /** Raw bytes per frame; by default 2 MiB, more for archives above 16 GiB. */
  readonly frameBytes?: number;
  /** zstd level; default 1. */
  readonly level?: number;
}

/** The part of a ContainerRecord that the archive itself knows, ready to be spread into one. */
export interface WrittenContainer extends Pick<
  ContainerRecord,
  "archive" | "index" | "rawBytes" | "storedBytes" | "rawSha256" | "storedSha256" | "indexSha256"
> {
  /** Out of `stats-dump`; absent when the archive has none or an unreadable one. */
  readonly dump?: DumpStatistics;
}

/** CRIU's own figures of a dump. */
export interface DumpStatistics {
  readonly freezingMilliseconds: number;
  readonly frozenMilliseconds: number;
  readonly memoryDumpMilliseconds: number;
  readonly memoryWriteMilliseconds: number;
  readonly pagesScanned: number;
  readonly pagesWritten: number;
}

/** Where a stored container lies: `openContainerArchive(options)` of read-container.ts. */
export interface StoredContainerOptions {
  readonly store: Store;
  /** `checkpointPrefix(namespace, pod, id)`. */
  readonly prefix: string;
  readonly record: ContainerRecord;
  readonly signal?: AbortSignal | undefined;
}

/** `unpackContainerArchive(options)` of unpack-container.ts. */
export interface UnpackContainerOptions extends StoredContainerOptions {
  /** Created by the call; must not exist or be empty. Removed again when the call fails. */
  readonly folder: string;
  readonly onProgress?: OnArchiveProgress;
}

export interface UnpackedContainer {
  readonly files: number;
  readonly bytes: number;
}
