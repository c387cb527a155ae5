/**
 * Port to a place that keeps checkpoints. Keys are relative to the store's own prefix, use `/`,
 * never start with one and hold no empty, `.` or `..` segment (`usage` error otherwise).
 *
 * Law: errors are ClouderErrors (`not-found`, `denied`, `unauthenticated`, `no-space`,
 * `unreachable` and `busy` retryable, `integrity` on a checksum mismatch). Drivers translate their
 * SDK's errors at the call site. Every method honours the signal with `cancelled`.
 */
export interface Store {
  /** The location without secrets, for people. */
  readonly location: string;
  /**
   * Uploads what `body` gives as one object; visible only when it is whole. Replaces an old one.
   * A chunk is not touched any more once the next one is asked for: its giver may reuse it.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>;
  /**
   * Reads the object or a byte range of it; `not-found` rejects before the first chunk. A chunk may
   * be used until the next one is asked for: who keeps it makes a copy.
   */
  get(key: string, options?: GetOptions): Promise<AsyncIterable<Uint8Array>>;
  /** Size and checksum as the store has them; `not-found` when there is no such object. */
  stat(key: string, signal?: AbortSignal): Promise<StoredObject>;
  /** Keys below `prefix` in lexical order. Parts of unfinished uploads are not listed. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject>;
  /** Idempotent: an absent key is no error. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
  /** Writes, reads back and removes a small object; the error says what is wrong. */
  check(signal?: AbortSignal): Promise<void>;
  /** Ends the parts of uploads that died, below `prefix`; gives how many. */
  removeUnfinished(prefix: string, signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

export interface PutOptions {
  /** Parts under way at once; default 4. */
  readonly concurrency?: number;
  /** Called with the bytes the store has confirmed so far. */
  readonly onProgress?: (confirmedBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface GetOptions {
  readonly offset?: number;
  /** Absent: to the end. */
  readonly length?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a driver is opened with; everything but the URL is optional. */
export interface StoreSettings {
  readonly url: string;
  readonly s3?: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly forcePathStyle?: boolean;
    readonly kmsKeyId?: string;
  };
  readonly azblob?: {
    readonly endpoint?: string;
    /** The account of an `az://` URL. */
    readonly account?: string;
  };
  /** Keys as in the credentials Secret of CheckpointStore; absent: the SDK's own chain. */
  readonly credentials?: Readonly<Record<string, string>>;
}

export interface StoreDriver {
  open(settings: StoreSettings): Promise<Store>;
}
