import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import type { ImageEntry } from "#checkpoint/install/image/contents";

export interface ImageSettings {
  /** With registry and tag, as the container runtime will know it. */
  readonly name: string;
  readonly architecture: "amd64" | "arm64";
}

const epoch = new Date(0);
const created = epoch.toISOString();

/**
 * Writes a one-layer image as a docker-archive tar, which `docker load`, `podman load` and
 * `ctr images import` read. Equal entries give equal bytes.
 */
export async function writeImage(
  entries: readonly ImageEntry[],
  file: string,
  settings: ImageSettings,
): Promise<{ readonly bytes: number; readonly layerDigest: string }> {
  await mkdir(dirname(file), { recursive: true });
  const layer = `${file}.layer`;
  const unfinished = `${file}.part`;
  try {
    await writeTar(layer, (tar) => addEntries(tar, entries));
    const layerDigest = await sha256(layer);
    const config = JSON.stringify(imageConfig(settings, layerDigest));
    const configName = `${createHash("sha256").update(config).digest("hex")}.json`;
    const manifest = [
      { Config: configName, RepoTags: [settings.name], Layers: [`${layerDigest}.tar`] },
    ];
    await writeTar(unfinished, async (tar) => {
      tar.entry(header("manifest.json", 0o644), JSON.stringify(manifest));
      tar.entry(header(configName, 0o644), config);
      await addFile(tar, `${layerDigest}.tar`, 0o644, layer);
    });
    await rename(unfinished, file);
    return { bytes: (await stat(file)).size, layerDigest };
  } finally {
    await rm(layer, { force: true });
    await rm(unfinished, { force: true });
  }
}

/** Writes the same entries as a folder, for a Containerfile's `COPY`. */
export async function writeRoot(entries: readonly ImageEntry[], folder: string): Promise<void> {
  for (const entry of entries) {
    const path = join(folder, entry.path);
    if (entry.kind === "folder") await mkdir(path, { recursive: true });
    else if (entry.kind === "text") await writeFile(path, entry.text);
    else await copyFile(entry.from, path);
    await chmod(path, entry.mode);
  }
}

function imageConfig({ architecture }: ImageSettings, layerDigest: string): object {
  return {
    architecture,
    os: "linux",
    created,
    config: {
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production"],
      Cmd: ["clouder-agent"],
      WorkingDir: "/app",
      Labels: { "org.opencontainers.image.title": "kubectl-clouder" },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created, created_by: "kubectl-clouder" }],
  };
}

function header(name: string, mode: number) {
  return { name, mode, mtime: epoch, uid: 0, gid: 0 };
}

async function addEntries(tar: Pack, entries: readonly ImageEntry[]): Promise<void> {
  for (const entry of entries) {
    if (entry.kind === "folder") {
      tar.entry({ ...header(`${entry.path}/`, entry.mode), type: "directory" });
    } else if (entry.kind === "text") {
      tar.entry(header(entry.path, entry.mode), entry.text);
    } else {
      await addFile(tar, entry.path, entry.mode, entry.from);
    }
  }
}

async function addFile(tar: Pack, name: string, mode: number, from: string): Promise<void> {
  const { size } = await stat(from);
  const into = tar.entry({ ...header(name, mode), size });
  await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), into);
}

async function writeTar(file: string, fill: (tar: Pack) => Promise<void>): Promise<void> {
  const tar = pack();
  const written = pipeline(tar, createWriteStream(file));
  await Promise.all([
    written,
    fill(tar).then(
      () => {
        tar.finalize();
      },
      (error: unknown) => {
        tar.destroy(error as Error);
        throw error;
      },
    ),
  ]);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
