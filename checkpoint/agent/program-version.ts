import { execFile } from "node:child_process";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const places = ["local/sbin", "local/bin", "sbin", "bin"];

/**
 * First line of `<program> --version` of the node's own program, whose /usr is mounted at `usr`. It runs
 * in the agent's container without any privilege, with the node's loader and libraries; undefined when
 * the node has no such program or it does not run.
 */
export async function programVersion(usr: string, program: string): Promise<string | undefined> {
  const path = await firstExisting(places.map((place) => join(usr, place, program)));
  if (path === undefined) return undefined;
  const direct = await versionOf(path, []);
  if (direct !== undefined) return direct;
  const loader = await findLoader(usr);
  if (loader === undefined) return undefined;
  return versionOf(loader, ["--library-path", (await libraryFolders(usr)).join(":"), path]);
}

async function versionOf(file: string, before: readonly string[]): Promise<string | undefined> {
  try {
    const options = { timeout: 5_000, maxBuffer: 1 << 16, env: { PATH: "/usr/bin:/bin" } };
    const { stdout } = await run(file, [...before, "--version"], options);
    const line = stdout.split("\n")[0]?.trim();
    return line === "" ? undefined : line;
  } catch {
    return undefined;
  }
}

/** The dynamic loader as glibc systems with a merged /usr have it. */
async function findLoader(usr: string): Promise<string | undefined> {
  for (const folder of [join(usr, "lib64"), join(usr, "lib"), ...(await libraryFolders(usr))]) {
    const names = await readdir(folder).catch(() => []);
    const loader = names.find((name) => /^ld-linux-(?:x86-64|aarch64)\.so\.\d+$/.test(name));
    if (loader === undefined) continue;
    // A link may be absolute and lead out of the mount.
    const found = await firstExisting([join(folder, loader)]);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function libraryFolders(usr: string): Promise<readonly string[]> {
  const names = await readdir(join(usr, "lib")).catch(() => []);
  const multiarch = names.filter((name) => /^(?:x86_64|aarch64)-linux-gnu$/.test(name));
  return [...multiarch.map((name) => join(usr, "lib", name)), join(usr, "lib64"), join(usr, "lib")];
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}
