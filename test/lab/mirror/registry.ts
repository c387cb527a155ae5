import { openAsBlob } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { CachedPart } from "../cache.ts";
import { sha256Of } from "../docker-archive.ts";
import { goBuild } from "../go-build.ts";
import { runProgram } from "../run-program.ts";
import { freePort, startServer, type ServerHandle } from "../server-process.ts";
import { versions } from "../versions.ts";

const module = "github.com/distribution/distribution/v3";
const version = "v3.1.2";
const mainFile = join(import.meta.dirname, "registry.go");

/** distribution, the registry that most others are made of. */
export const registryProgram: CachedPart = {
  name: "registry",
  title: `distribution ${version}`,
  expected: "about 1 minute",
  inputs: [module, version, versions.goLanguage],
  recipe: [import.meta.filename, mainFile],
  build: async (folder) => {
    const source = join(folder, "source");
    await mkdir(source);
    await copyFile(mainFile, join(source, "main.go"));
    const lines = ["module lab/registry", `go ${versions.goLanguage}`];
    await writeFile(
      join(source, "go.mod"),
      [...lines, `require ${module} ${version}`, ""].join("\n"),
    );
    await goBuild({ source, target: folder, programs: { registry: "lab/registry" } });
    await rm(source, { recursive: true });
  },
};

export interface RegistryOptions {
  /** Folder of the part above. */
  readonly program: string;
  readonly host: string;
  /** Where images lie. */
  readonly content: string;
  /** Folder for its settings. */
  readonly folder: string;
  readonly readOnly: boolean;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Starts a registry over a folder of images. */
export async function startRegistry(options: RegistryOptions): Promise<ServerHandle> {
  const { program, host, content, folder, readOnly, tls } = options;
  const port = await freePort(host);
  const settings = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: content },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readOnly } },
    },
    http: { addr: `${host}:${port}`, ...(tls && { tls }) },
  };
  const file = join(folder, `registry-${port}.yaml`);
  await writeFile(file, JSON.stringify(settings));
  const server = await startServer({
    argv: [join(program, "registry"), "serve", file],
    environment: { OTEL_TRACES_EXPORTER: "none" },
    // A handshake with plain HTTP is an answer, too.
    endpoint: `http://${host}:${port}`,
  });
  return { ...server, endpoint: `${tls ? "https" : "http"}://${host}:${port}` };
}

/** Pushes a docker-archive of one image under its name, the registry's host left out. */
export async function pushImage(endpoint: string, archive: string): Promise<void> {
  const stage = await mkdtemp(join(tmpdir(), "clouder-push-"));
  try {
    await runProgram(["tar", "-xf", archive, "-C", stage]);
    const [image] = JSON.parse(await readFile(join(stage, "manifest.json"), "utf8")) as readonly {
      readonly Config: string;
      readonly RepoTags: readonly string[];
      readonly Layers: readonly string[];
    }[];
    if (!image) throw new ClouderError("internal", `${archive} holds no image`);
    const blob = async (name: string, mediaType: string) => {
      const file = join(stage, name);
      return { mediaType, digest: `sha256:${await sha256Of(file)}`, size: (await stat(file)).size };
    };
    const type = "application/vnd.oci.image";
    const config = await blob(image.Config, `${type}.config.v1+json`);
    const layers = await Promise.all(
      image.Layers.map((name) => blob(name, `${type}.layer.v1.tar`)),
    );
    const mediaType = `${type}.manifest.v1+json`;
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers });
    for (const full of image.RepoTags) {
      const [name = "", tag = ""] = full.slice(full.indexOf("/") + 1).split(":");
      const base = `${endpoint}/v2/${name}`;
      await pushBlob(base, join(stage, image.Config), config.digest);
      for (const [index, layer] of layers.entries()) {
        await pushBlob(base, join(stage, image.Layers[index] ?? ""), layer.digest);
      }
      await sent(`${base}/manifests/${tag}`, {
        ...{ method: "PUT", body: manifest, headers: { "content-type": mediaType } },
      });
    }
  } finally {
    await rm(stage, { recursive: true });
  }
}

async function pushBlob(base: string, file: string, digest: string): Promise<void> {
  const begun = await sent(`${base}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", base);
  place.searchParams.set("digest", digest);
  await sent(place.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: await openAsBlob(file),
  });
}

async function sent(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.ok) return response;
  throw new ClouderError("internal", `${url}: ${response.status} ${await response.text()}`);
}
