import { randomBytes } from "node:crypto";
import { mkdir, open, opendir, rename, rm, rmdir, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ClouderError, hasCode, throwIfCancelled } from "#core/error";
import { checkStore } from "#checkpoint/stores/check-store";
import { fileError } from "#checkpoint/stores/file-error";
import { untilCancelled, validKey, validPrefix, validRange } from "#checkpoint/stores/key";
import { parseLocation, printLocation } from "#checkpoint/stores/location";
import type { PutOptions, Store, StoreDriver, StoredObject } from "#checkpoint/stores/store";

/**
 * A folder. Objects are files (0600) in folders (0700); an object is written beside its place and
 * appears by one rename after fsync, so that neither a crash nor a power cut shows half of it.
 */
export const fileDriver: StoreDriver = {
  open: (settings) => {
    const location = parseLocation(settings.url);
    if (location.scheme !== "file") {
      return Promise.reject(new ClouderError("usage", `"${settings.url}" is no file URL`));
    }
    return Promise.resolve(openFileStore(location.folder));
  },
};

/** Names of files that are still being written; never listed. */
const unfinished = /^\.unfinished-[0-9a-f]{16}$/;

const readBytes = 1024 * 1024;

function openFileStore(folder: string): Store {
  const pathOf = (key: string) => join(folder, validKey(key));
  const store: Store = {
    location: printLocation({ scheme: "file", folder }),
    put: (key, body, options) =>
      translated(key, () => put(folder, key, pathOf(key), body, options)),
    get: (key, options) =>
      translated(key, async () => {
        const { offset, length } = validRange(options);
        const signal = options?.signal;
        const path = pathOf(key);
        throwIfCancelled(signal);
        const file = await open(path, "r");
        const bytes = (await file.stat()).size;
        const end = length === undefined ? bytes : Math.min(bytes, offset + length);
        return untilCancelled(readRange(file, offset, end), signal);
      }),
    stat: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        const found = await stat(pathOf(key));
        if (!found.isFile()) throw noObject(key);
        return { key, bytes: found.size };
      }),
    list: (prefix, signal) => untilCancelled(list(folder, "", validPrefix(prefix), false), signal),
    remove: (key, signal) =>
      translated(key, async () => {
        throwIfCancelled(signal);
        const path = pathOf(key);
        await rm(path, { force: true });
        await removeEmptyFolders(folder, dirname(path));
      }),
    check: (signal) => checkStore(store, signal),
    removeUnfinished: async (prefix, signal) => {
      const died: string[] = [];
      const all = list(folder, "", "", true);
      for await (const { key } of untilCancelled(all, signal)) {
        if (inside(key, validPrefix(prefix))) died.push(key);
      }
      for (const key of died) {
        await rm(join(folder, key), { force: true });
        await removeEmptyFolders(folder, dirname(join(folder, key)));
      }
      return died.length;
    },
    close: () => Promise.resolve(),
  };
  return store;
}

/** True for an unfinished file in the folder that `prefix` names or below. */
function inside(key: string, prefix: string): boolean {
  return `${dirname(key)}/`.startsWith(prefix) || key.startsWith(prefix);
}

async function put(
  folder: string,
  key: string,
  path: string,
  body: AsyncIterable<Uint8Array>,
  { onProgress, signal }: PutOptions = {},
): Promise<StoredObject> {
  throwIfCancelled(signal);
  const { file, temporary } = await openBeside(path);
  try {
    let bytes = 0;
    try {
      for await (const chunk of untilCancelled(body, signal)) {
        await writeAll(file, chunk);
        bytes += chunk.length;
        onProgress?.(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    throwIfCancelled(signal);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return { key, bytes };
  } catch (error) {
    await rm(temporary, { force: true });
    await removeEmptyFolders(folder, dirname(path));
    throw error;
  }
}

/** Opens a new file in the folder of `path`, again when a removal took that folder meanwhile. */
async function openBeside(path: string): Promise<{ file: FileHandle; temporary: string }> {
  const temporary = join(dirname(path), `.unfinished-${randomBytes(8).toString("hex")}`);
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      return { file: await open(temporary, "wx", 0o600), temporary };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt >= 5) throw error;
    }
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

/** The rename itself must survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* readRange(
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = start; at < end;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Depth first in the order of whole keys: `a.b` comes before `a/b`, as `.` sorts before `/`. */
async function* list(
  folder: string,
  below: string,
  prefix: string,
  died: boolean,
): AsyncGenerator<StoredObject> {
  for (const name of await namesIn(join(folder, below))) {
    const key = `${below}${name}`;
    if (name.endsWith("/")) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* list(folder, key, prefix, died);
    } else if (key.startsWith(prefix) && died === unfinished.test(name)) {
      const found = await stat(join(folder, key)).catch(() => undefined);
      if (found) yield { key, bytes: found.size };
    }
  }
}

/** Files and, with a slash at the end, folders; none when there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory()) names.push(`${entry.name}/`);
      else if (entry.isFile()) names.push(entry.name);
    }
  } catch (error) {
    const translatedError = fileError(error, folder);
    if (!hasCode(translatedError, "not-found")) throw translatedError;
  }
  return names.sort(byBytes);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function removeEmptyFolders(top: string, from: string): Promise<void> {
  for (let path = from; path !== top && path.startsWith(`${top}/`); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}

async function translated<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR") throw noObject(key);
    throw fileError(error, `object ${key}`);
  }
}

function noObject(key: string): ClouderError {
  return new ClouderError("not-found", `there is no object ${basename(key)}`);
}
