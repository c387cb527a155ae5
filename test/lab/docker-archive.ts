import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runProgram } from "./run-program.ts";

export interface ImageSettings {
  /** Full names with registry and tag. */
  readonly names: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// Equal content gives equal bytes: order, times and owners are fixed.
const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

/** Writes `root` as a one-layer image in a docker-archive tar, the form `ctr images import` reads. */
export async function writeDockerArchive(
  root: string,
  file: string,
  image: ImageSettings,
): Promise<void> {
  const stage = `${file}.stage`;
  await mkdir(stage);
  const layer = join(stage, "layer.tar");
  await runProgram(["tar", ...reproducible, "-cf", layer, "-C", root, "."]);
  const digest = await sha256Of(layer);
  await rename(layer, join(stage, `${digest}.tar`));
  const config = Buffer.from(JSON.stringify(configOf(image, digest)));
  const configName = `${createHash("sha256").update(config).digest("hex")}.json`;
  await writeFile(join(stage, configName), config);
  const manifest = [{ Config: configName, RepoTags: image.names, Layers: [`${digest}.tar`] }];
  await writeFile(join(stage, "manifest.json"), JSON.stringify(manifest));
  await runProgram([
    "tar",
    ...reproducible,
    "-cf",
    file,
    "-C",
    stage,
    "manifest.json",
    configName,
    `${digest}.tar`,
  ]);
  await rm(stage, { recursive: true });
}

/** SHA-256 of a file in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}

function configOf(image: ImageSettings, layerDigest: string): object {
  return {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: { Env: [path], Entrypoint: image.entrypoint, Cmd: image.command ?? [] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "kubectl-clouder lab" }],
  };
}
