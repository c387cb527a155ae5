import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";
import { ClouderError, messageOf } from "#core/error";

const execute = promisify(execFile);

export interface Library {
  /** Where the loader looks for it. */
  readonly path: string;
  /** The file itself, links followed. */
  readonly from: string;
}

/** The loader and the libraries that this machine's loader gives to `executable`. */
export async function sharedLibraries(executable: string): Promise<readonly Library[]> {
  let listed: string;
  try {
    listed = (await execute("ldd", [executable])).stdout;
  } catch (error) {
    const said = messageOf(error);
    if (/not a dynamic executable|statically linked/.test(said)) return [];
    throw new ClouderError("unsupported", `cannot tell which libraries ${executable} needs`, {
      hint: "build the image on Linux with glibc, or use the Containerfile",
      cause: error,
    });
  }
  return Promise.all(
    librariesIn(listed).map(async (path) => ({ path, from: await realpath(path) })),
  );
}

/** A library that programs load by its name alone; `not-found` says how to install it. */
export async function libraryNamed(name: string, hint: string): Promise<Library> {
  const { stdout } = await execute("/sbin/ldconfig", ["-p"]);
  const path = pathOf(name, stdout);
  if (path !== undefined) return { path, from: await realpath(path) };
  throw new ClouderError("not-found", `the library ${name} is missing here`, { hint });
}

/** Where the cache of this machine's loader, as `ldconfig -p` prints it, has a library of its own kind. */
export function pathOf(name: string, listed: string): string | undefined {
  const lines = listed.split("\n").map((line) => /^\s*(\S+) \(([^)]*)\) => (\S+)$/.exec(line));
  // One of another kind (x32, i386) has no "64" in its flags.
  return lines.find((line) => line?.[1] === name && line[2]?.includes("64"))?.[3];
}

/** The absolute paths in what `ldd` prints; `not-found` when it misses one. */
export function librariesIn(listed: string): readonly string[] {
  const missing = /^\s*(\S+) => not found/m.exec(listed);
  if (missing) {
    throw new ClouderError("not-found", `the library ${missing[1] ?? ""} is missing here`, {
      hint: "install it, then build the image again",
    });
  }
  const paths = listed.split("\n").flatMap((line) => {
    const found = /(?:=>\s*|^\s*)(\/\S+)\s+\(0x/.exec(line);
    return found?.[1] === undefined ? [] : [found[1]];
  });
  return [...new Set(paths)].sort();
}
