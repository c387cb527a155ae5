import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError } from "#core/error";

const maximalFiles = 100_000;

/** Names of the CRIU images in a staged folder; refuses whatever is not a regular file. */
export async function listImages(folder: string): Promise<readonly string[]> {
  if (!(await lstat(folder)).isDirectory()) {
    throw new ClouderError("refused", `${folder} is not a folder`);
  }
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.length > maximalFiles) {
    throw new ClouderError("refused", `${entries.length} images are too many`, {
      hint: `at most ${maximalFiles} are restored`,
    });
  }
  const odd = entries.find((entry) => !entry.isFile());
  if (odd) {
    throw new ClouderError("refused", `checkpoint/${odd.name} is not a regular file`, {
      hint: "the archive was not written by a container runtime; do not restore it",
    });
  }
  if (!entries.some((entry) => entry.name === "inventory.img")) {
    throw new ClouderError("integrity", "the checkpoint has no inventory.img", {
      hint: "take a new checkpoint",
    });
  }
  return entries.map((entry) => entry.name);
}

/** The staged capture of the writable layer: the shim's own if there is one, else containerd's diff. */
export async function findCapture(
  staged: string,
): Promise<{ readonly path: string; readonly kind: "overlay" | "oci" } | undefined> {
  const candidates = [
    { path: join(staged, "clouder-upper.tar"), kind: "overlay" },
    { path: join(staged, "checkpoint", "clouder-upper.tar"), kind: "overlay" },
    { path: join(staged, "rootfs-diff.tar"), kind: "oci" },
  ] as const;
  for (const candidate of candidates) {
    const found = await lstat(candidate.path).catch(() => undefined);
    if (found === undefined) continue;
    if (!found.isFile()) {
      throw new ClouderError("refused", `${candidate.path} is not a regular file`);
    }
    return candidate;
  }
  return undefined;
}
