import { join } from "node:path";
import { ensurePart } from "./cache.ts";
import { otherContainerd } from "./go-programs.ts";
import { ensureHostTools } from "./host-tools.ts";
import { progressOf } from "./progress.ts";
import { versions } from "./versions.ts";

/** Files of a second containerd release, to be put in place of the bundle's on a node. */
export interface ContainerdPrograms {
  readonly version: string;
  /** Program name → file on this host: containerd, containerd-shim-runc-v2, ctr. */
  readonly files: Readonly<Record<string, string>>;
}

/** Builds an older containerd when it is not in the cache; only the proof that wants it pays for it. */
export async function ensureOtherContainerd(
  say: (line: string) => void = () => undefined,
): Promise<ContainerdPrograms> {
  await ensureHostTools(say);
  const folder = await ensurePart(otherContainerd, progressOf(1, say));
  const names = ["containerd", "containerd-shim-runc-v2", "ctr"];
  return {
    version: versions.otherContainerd,
    files: Object.fromEntries(names.map((name) => [name, join(folder, name)])),
  };
}
