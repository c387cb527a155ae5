import type { IncomingMessage } from "node:http";
import type { KubeObject, WatchEvent } from "#kube/kube";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode, isClouderError } from "#core/error";
import { statusError } from "#kube/status";

export interface WatchSource<T> {
  readonly clock: Clock;
  readonly heard?: (() => void) | undefined;
  list(): Promise<{ readonly items: readonly T[]; readonly version: string }>;
  open(query: Readonly<Record<string, string>>, headTimeoutMs: number): Promise<IncomingMessage>;
}

type Line<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: T }
  | { readonly type: "ERROR"; readonly object: { readonly code?: number } };

/** The server ends a stream after this long; a silent one is given up shortly after. */
const streamSeconds = 280;
/** A restarting API server answers 401 and 403 for a moment although nothing was revoked. */
const patience = 10;

/** List, then follow until the signal aborts; the first list's error is the caller's. */
export async function* watchObjects<T extends KubeObject>(
  source: WatchSource<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const position: Position = { version: undefined, failures: 0, started: false };
  while (!signal.aborted) {
    try {
      if (position.version === undefined) {
        const listed = await source.list();
        position.version = listed.version;
        position.started = true;
        source.heard?.();
        yield { type: "RESYNC", objects: listed.items };
      }
      yield* follow(source, position, signal);
      // A server that ends streams at once must not be asked in a tight loop.
      position.failures += 1;
    } catch (error) {
      if (isAborted(signal)) return;
      position.failures += 1;
      if (!position.started || !isPassing(error, position.failures)) throw error;
      if (isExpired(error)) position.version = undefined;
    }
    if (position.failures > 1) await pause(source.clock, position.failures, signal);
  }
}

interface Position {
  /** Absent: a list is due. */
  version: string | undefined;
  failures: number;
  started: boolean;
}

async function* follow<T extends KubeObject>(
  source: WatchSource<T>,
  position: Position,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of stream<T>(source, position.version ?? "")) {
    if (isAborted(signal)) return;
    if (line.type === "ERROR") {
      // 410: the version is too old. Whatever else it may be, a fresh list is right.
      position.version = undefined;
      return;
    }
    position.failures = 0;
    source.heard?.();
    position.version = line.object.metadata.resourceVersion ?? position.version;
    if (line.type !== "BOOKMARK") yield { type: line.type, object: line.object };
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isPassing(error: unknown, failures: number): boolean {
  if (!isClouderError(error)) return false;
  if (error.retryable || isExpired(error)) return true;
  return failures < patience && hasCode(error, "denied", "unauthenticated", "not-found");
}

function isExpired(error: unknown): boolean {
  return isClouderError(error) && error.details["status"] === 410;
}

async function pause(clock: Clock, failures: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(30_000, 250 * 2 ** (failures - 1));
  try {
    await clock.sleep(ceiling / 2 + (Math.random() * ceiling) / 2, signal);
  } catch {
    // Aborted: the loop's condition ends it.
  }
}

async function* stream<T>(source: WatchSource<T>, version: string): AsyncGenerator<Line<T>> {
  const response = await source.open(
    {
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: version,
      timeoutSeconds: String(streamSeconds),
    },
    30_000,
  );
  // The other end of a connection can vanish without a word.
  response.setTimeout((streamSeconds + 20) * 1000, () => {
    response.destroy(new ClouderError("unreachable", "the watch went silent", { retryable: true }));
  });
  try {
    if (response.statusCode !== 200) {
      let body = "";
      for await (const chunk of response) body += String(chunk);
      throw statusError(response.statusCode ?? 0, body, "watch");
    }
    source.heard?.();
    for await (const line of lines(response)) yield JSON.parse(line) as Line<T>;
  } catch (error) {
    if (isClouderError(error)) throw error;
    throw new ClouderError("unreachable", "the watch broke off", { retryable: true, cause: error });
  } finally {
    response.destroy();
  }
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  for await (const chunk of response) {
    let from = 0;
    const bytes = chunk as Buffer;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      const line = Buffer.concat([...rest, bytes.subarray(from, end)]).toString("utf8");
      rest = [];
      from = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (from < bytes.length) rest.push(bytes.subarray(from));
  }
}
