import { link, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ClouderError } from "#core/error";
import type { Bundle, BundleFile } from "#bootstrap/bundle/bundle";
import { ensurePart, type CachedPart } from "./cache.ts";
import { debianServer } from "./debian.ts";
import { debianPackages, packagesIn, upstreamVersion } from "./debian-packages.ts";
import { sha256Of } from "./docker-archive.ts";
import { flannel } from "./flannel.ts";
import { cniPlugins, containerd, coredns, etcd, etcdctl, etcdutl } from "./go-programs.ts";
import { ensureGo, ensureHostTools } from "./host-tools.ts";
import { imageRecipes, images, type ImageSources } from "./images.ts";
import { kubernetes, olderKubernetes } from "./kubernetes.ts";
import { machineRoot } from "./machine-root.ts";
import { progressOf, type Progress } from "./progress.ts";
import { outputOf } from "./run-program.ts";
import { debian, flannelImage, imagesOfKubernetes, versions } from "./versions.ts";

interface Parts extends ImageSources {
  readonly containerd: string;
  readonly cniPlugins: string;
  readonly machineRoot: string;
  readonly images: string;
}

type FileFacts = BundleFile extends infer F
  ? F extends unknown
    ? Omit<F, "sha256" | "bytes">
    : never
  : never;

interface Source {
  readonly from: string;
  readonly facts: FileFacts;
}

/** Number of parts below, for "[3/11]". */
const partCount = 13;

/**
 * Gives the folder of the lab's offline bundle and builds what is not in the cache. Takes minutes when
 * cold and about a second when warm; `say` gets one line per part.
 */
export async function ensureBundle(say: (line: string) => void): Promise<string> {
  return await bundleWith(kubernetes, versions.kubernetes, say);
}

/** The same with an older Kubernetes, where upgrades start; built by the tests that want it only. */
export async function ensureOlderBundle(say: (line: string) => void): Promise<string> {
  return await bundleWith(olderKubernetes, versions.olderKubernetes, say);
}

async function bundleWith(
  programs: CachedPart,
  version: string,
  say: (line: string) => void,
): Promise<string> {
  await ensureHostTools(say);
  ensureGo();
  const progress = progressOf(partCount, say);
  const parts = await ensureParts(programs, version, progress);
  return await ensurePart(bundleOf(parts), progress);
}

async function ensureParts(
  kubernetesPrograms: CachedPart,
  version: string,
  progress: Progress,
): Promise<Parts> {
  const ensure = (part: CachedPart) => ensurePart(part, progress);
  const sources = {
    version,
    kubernetes: await ensure(kubernetesPrograms),
    etcd: await ensure(etcd),
    etcdctl: await ensure(etcdctl),
    etcdutl: await ensure(etcdutl),
    coredns: await ensure(coredns),
    flannel: await ensure(flannel),
  };
  const programs = { containerd: await ensure(containerd), cniPlugins: await ensure(cniPlugins) };
  const server = await ensure(debianServer);
  const packages = await ensure(debianPackages(server));
  const root = await ensure(machineRoot(server));
  const imageSources = { ...sources, packages };
  return {
    ...imageSources,
    ...programs,
    machineRoot: root,
    images: await ensure(images(imageSources)),
  };
}

function bundleOf(parts: Parts): CachedPart {
  return {
    name: "bundle",
    title: "offline bundle",
    expected: "about 10 seconds",
    inputs: Object.values(parts).map((folder: string) => basename(folder)),
    recipe: [
      import.meta.filename,
      ...["flannel.yaml", "versions.ts"].map((name) => join(import.meta.dirname, name)),
    ],
    build: async (folder) => {
      await checkImageNames(parts);
      const files: BundleFile[] = [];
      for (const source of await sourcesOf(parts)) files.push(await place(source, folder));
      files.push(await writeFlannel(folder));
      const bundle: Bundle = {
        apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1",
        kind: "Bundle",
        createdAt: new Date().toISOString(),
        architecture: process.arch === "arm64" ? "arm64" : "amd64",
        versions: await bundleVersions(parts),
        files,
      };
      await writeFile(join(folder, "bundle.json"), `${JSON.stringify(bundle, null, 2)}\n`);
    },
  };
}

async function sourcesOf(parts: Parts): Promise<readonly Source[]> {
  const binary = (from: string, name: string, folder: string, destination: string): Source => ({
    from: join(from, name),
    facts: { kind: "binary", path: `${folder}/${name}`, destination: `${destination}/${name}` },
  });
  const sources: Source[] = [
    ...["kubelet", "kubeadm", "kubectl"].map((name) =>
      binary(parts.kubernetes, name, "bin", "/usr/local/bin"),
    ),
    ...(await namesIn(parts.containerd)).map((name) =>
      binary(parts.containerd, name, "bin", "/usr/local/bin"),
    ),
    ...(await namesIn(parts.cniPlugins)).map((name) =>
      binary(parts.cniPlugins, name, "cni", "/opt/cni/bin"),
    ),
  ];
  for (const [file, image] of Object.entries(imageRecipes(parts))) {
    const facts = {
      kind: "image",
      path: `images/${file}`,
      names: image.names,
      on: image.on,
    } as const;
    sources.push({ from: join(parts.images, file), facts });
  }
  sources.push(...(await packageSources(join(parts.packages, "nodes"), {})));
  const balancer = { use: "load-balancer" } as const;
  sources.push(...(await packageSources(join(parts.packages, "load-balancer"), balancer)));
  sources.push({
    from: join(parts.machineRoot, "root.tar.zst"),
    facts: { kind: "machine-root", path: "machine/root.tar.zst", os: debian.os },
  });
  return sources;
}

async function packageSources(
  set: string,
  use: { readonly use?: "load-balancer" },
): Promise<readonly Source[]> {
  return (await packagesIn(set)).map(({ file, package: name, version }) => ({
    from: join(set, file),
    facts: {
      ...{ kind: "package", path: `packages/${name}.deb`, os: debian.os },
      ...{ package: name, version, ...use },
    } as const,
  }));
}

/** kubeadm itself says which images a cluster of this version needs. */
async function checkImageNames(parts: Parts): Promise<void> {
  const answer = await outputOf([
    join(parts.kubernetes, "kubeadm"),
    ...["config", "images", "list", "--kubernetes-version", `v${parts.version}`],
  ]);
  const known = Object.values<string>(imagesOfKubernetes(parts.version));
  const missing = answer
    .trim()
    .split("\n")
    .filter((name) => !known.includes(name));
  if (missing.length > 0) {
    throw new ClouderError(
      "config",
      `kubeadm needs images the lab does not make: ${missing.join(" ")}`,
      {
        hint: "change the versions in test/lab/versions.ts",
      },
    );
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).sort();
}

/** Hard links, so that the bundle costs no second copy on disk. */
async function place({ from, facts }: Source, folder: string): Promise<BundleFile> {
  const to = join(folder, facts.path);
  await mkdir(dirname(to), { recursive: true });
  await link(from, to);
  return await measured(facts, to);
}

async function writeFlannel(folder: string): Promise<BundleFile> {
  const text = await readFile(join(import.meta.dirname, "flannel.yaml"), "utf8");
  const facts = { kind: "manifest", path: "manifests/flannel.yaml", name: "flannel" } as const;
  const to = join(folder, facts.path);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, text.replaceAll("FLANNEL_IMAGE", flannelImage));
  return await measured(facts, to);
}

async function measured(facts: FileFacts, file: string): Promise<BundleFile> {
  return { ...facts, sha256: await sha256Of(file), bytes: (await stat(file)).size };
}

async function bundleVersions(parts: Parts): Promise<Bundle["versions"]> {
  const packages = await packagesIn(join(parts.packages, "nodes"));
  const packaged = (name: string) =>
    upstreamVersion(packages.find((one) => one.package === name)!.version);
  return {
    kubernetes: `v${parts.version}`,
    containerd: versions.containerd,
    runc: packaged("runc"),
    criu: packaged("criu"),
    etcd: versions.etcd,
    coredns: versions.coredns,
    flannel: versions.flannel,
    cniPlugins: versions.cniPlugins,
    pause: versions.pause,
  };
}
