import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { header } from "#test/unit/checkpoint/archive/tar-builder";
import { paddingOf, withSize } from "#checkpoint/archive/tar-format";
import { outputOf } from "#test/lab/run-program";

const fileBytes = 32 * 1024;
const end = Buffer.alloc(1024);

/**
 * Writes a docker archive with the layer of another and, on top of it, files of `bytes` bytes
 * together: an image such as data science uses, for what depends on the size of root file systems.
 * Written in one pass, as its size is a problem of its own.
 */
export async function writeFilledImage(
  file: string,
  image: { readonly name: string; readonly base: string; readonly bytes: number },
): Promise<void> {
  const read = (path: string) => outputOf(["tar", "-xOf", image.base, path]);
  const [base] = JSON.parse(await read("manifest.json")) as readonly BaseManifest[];
  if (!base) throw new Error(`${image.base} holds no image`);
  const config = JSON.parse(await read(base.Config)) as BaseConfig;
  await pipeline(archive({ ...image, manifest: base, config }), createWriteStream(file));
}

interface BaseManifest {
  readonly Config: string;
  readonly Layers: readonly string[];
}

interface BaseConfig {
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
}

async function* archive(image: {
  readonly name: string;
  readonly base: string;
  readonly bytes: number;
  readonly manifest: BaseManifest;
  readonly config: BaseConfig;
}): AsyncGenerator<Buffer> {
  const { manifest, config } = image;
  for (const layer of manifest.Layers) yield* baseLayer(image.base, layer);
  const files = Math.round(image.bytes / fileBytes);
  const size = files * (512 + fileBytes) + end.length;
  yield withSize(header({ name: "filler.tar" }), size);
  const hash = createHash("sha256");
  for (const part of fillerLayer(files)) {
    hash.update(part);
    yield part;
  }
  yield Buffer.alloc(paddingOf(size));
  const diffs = [...config.rootfs.diff_ids, `sha256:${hash.digest("hex")}`];
  const rootfs = { ...config.rootfs, diff_ids: diffs };
  // The history of the base would count one layer too few.
  const settings = JSON.stringify({ ...config, rootfs, history: undefined });
  const name = `${createHash("sha256").update(settings).digest("hex")}.json`;
  yield* small(name, settings);
  const layers = [...manifest.Layers, "filler.tar"];
  const described = [{ Config: name, RepoTags: [image.name], Layers: layers }];
  yield* small("manifest.json", JSON.stringify(described));
  yield end;
}

async function* baseLayer(archiveFile: string, layer: string): AsyncGenerator<Buffer> {
  const listed = await outputOf(["tar", "--numeric-owner", "-tvf", archiveFile, layer]);
  const size = Number(listed.trim().split(/\s+/)[2]);
  yield withSize(header({ name: layer }), size);
  const program = spawn("tar", ["-xOf", archiveFile, layer], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  yield* program.stdout as AsyncIterable<Buffer>;
  yield Buffer.alloc(paddingOf(size));
}

function* fillerLayer(files: number): Generator<Buffer> {
  const content = randomBytes(fileBytes);
  for (let number = 0; number < files; number += 1) {
    const folder = `srv/filler/${String(Math.floor(number / 256))}`;
    const file = withSize(header({ name: `${folder}/${String(number)}` }), fileBytes);
    // No two files are the same.
    content.writeUInt32LE(number);
    yield Buffer.concat([file, content]);
  }
  yield end;
}

function* small(name: string, text: string): Generator<Buffer> {
  const data = Buffer.from(text);
  yield header({ name, data });
  yield data;
  yield Buffer.alloc(paddingOf(data.length));
}
