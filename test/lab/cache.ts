import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { locked } from "./lock.ts";
import type { Progress } from "./progress.ts";

/** One part of the lab that is built once and then taken from the cache. */
export interface CachedPart {
  /** Unique; first part of the folder's name. */
  readonly name: string;
  /** What people see: "kubernetes v1.36.3". */
  readonly title: string;
  /** How long it takes from nothing: "about 8 minutes". */
  readonly expected: string;
  /** Everything but the recipe that decides what comes out. */
  readonly inputs: unknown;
  /** Source files whose text decides what comes out. */
  readonly recipe: readonly string[];
  /** Fills the empty folder; throws when anything is missing. */
  readonly build: (folder: string) => Promise<void>;
}

const unusedDays = 10;

/** The lab's sources as this process loaded them: an edit during a build must not name its result. */
const loadedText = new Map(
  readdirSync(import.meta.dirname)
    .filter((name) => /\.(ts|sh|yaml)$/.test(name))
    .map((name) => join(import.meta.dirname, name))
    .map((file) => [file, readFileSync(file)]),
);

/** The lab's cache folder; XDG_CACHE_HOME moves it. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const xdg = environment["XDG_CACHE_HOME"];
  const base = xdg === undefined || xdg === "" ? join(homedir(), ".cache") : xdg;
  return join(base, "kubectl-clouder", "lab");
}

/** The folder that `part` has, or gets when it is built. Equal inputs and recipe give an equal name. */
export async function folderOf(part: CachedPart, cache = cacheFolder()): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([part.name, part.inputs, process.arch]));
  for (const file of part.recipe) hash.update(loadedText.get(file) ?? (await readFile(file)));
  return join(cache, `${part.name}-${hash.digest("hex").slice(0, 16)}`);
}

/**
 * Gives the part's folder and builds it first when it is not there. A builder that dies leaves only a
 * temporary folder, which the next one removes; of two builders the second waits and finds it done.
 */
export async function ensurePart(
  part: CachedPart,
  progress: Progress,
  cache = cacheFolder(),
): Promise<string> {
  const folder = await folderOf(part, cache);
  if (existsSync(folder)) {
    await markUsed(folder);
    progress.cached(part.title);
    return folder;
  }
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const waiting = () => {
    progress.note(`${part.title}: another builder is at work, waiting for it`);
  };
  await locked(join(cache, "lock"), waiting, async () => {
    if (existsSync(folder)) {
      progress.cached(part.title);
      return;
    }
    await sweep(cache);
    const temporary = join(cache, `temporary-${randomUUID()}`);
    await mkdir(temporary);
    await progress.building(part.title, part.expected, () => part.build(temporary));
    await rename(temporary, folder);
  });
  return folder;
}

async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now);
}

/** Removes what dead builders left and parts that nobody used for days. Only under the lock. */
async function sweep(cache: string): Promise<void> {
  const oldest = Date.now() - unusedDays * 24 * 3600 * 1000;
  for (const entry of await readdir(cache, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(cache, entry.name);
    const { mtimeMs } = await stat(path);
    if (entry.name.startsWith("temporary-") || mtimeMs < oldest) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
