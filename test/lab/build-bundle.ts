import { isClouderError } from "#core/error";
import { ensureBundle } from "./bundle.ts";

/** Builds the lab's offline bundle, or finds it in the cache, and gives its folder. */
export async function buildBundle(
  say: (line: string) => void = (line) => {
    process.stdout.write(`${line}\n`);
  },
): Promise<string> {
  return await ensureBundle(say);
}

/**
 * `npm run lab:bundle [-- --print-folder]`. With --print-folder standard output is the folder alone and
 * progress goes to standard error.
 */
async function main(): Promise<void> {
  const folderOnly = process.argv.includes("--print-folder");
  const started = Date.now();
  const say = (line: string) => {
    (folderOnly ? process.stderr : process.stdout).write(`${line}\n`);
  };
  try {
    const folder = await ensureBundle(say);
    if (folderOnly) process.stdout.write(`${folder}\n`);
    else say(`bundle ready after ${Math.round((Date.now() - started) / 1000)} s: ${folder}`);
  } catch (error) {
    if (!isClouderError(error)) throw error;
    say(`error: ${error.message}${error.hint === undefined ? "" : `\nhint: ${error.hint}`}`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main();
