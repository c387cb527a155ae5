import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { upstream } from "#bootstrap/packages/upstream";
import type { CachedPart } from "../cache.ts";
import { writeDockerArchive } from "../docker-archive.ts";
import { runProgram } from "../run-program.ts";
import { versions } from "../versions.ts";
import { writePackages } from "./apt-index.ts";
import { buildDeb, containerdDeb, kubernetesDebs } from "./debs.ts";
import { pushImage, startRegistry } from "./registry.ts";

const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const minor = versions.kubernetes.split(".").slice(0, 2).join(".");

/** Folders of the repositories below `apt/`, as the vendors have them. */
export const places = {
  kubernetes: `kubernetes/core:/stable:/v${minor}/deb`,
  docker: "docker/linux/debian",
  criu: "criu/Debian_13",
  /** Of Docker's list of packages, below its folder. */
  dockerList: `dists/trixie/stable/binary-${architecture}`,
} as const;

/** Unsigned repositories (`apt/`) and a registry's images (`registry/`), made of the bundle's files. */
export function mirrorContent(bundle: string, program: string): CachedPart {
  const files = ["apt-index.ts", "debs.ts", "registry.ts", "flannel-cni-plugin.sh"];
  return {
    name: "mirror",
    title: "apt repositories and registry",
    expected: "about 40 seconds",
    inputs: [basename(bundle), basename(program), upstream.flannel],
    recipe: [import.meta.filename, ...files.map((name) => join(import.meta.dirname, name))],
    build: async (folder) => {
      await makeRepositories(bundle, join(folder, "apt"));
      await fillRegistry(bundle, program, folder);
    },
  };
}

async function makeRepositories(bundle: string, apt: string): Promise<void> {
  const kubernetes = join(apt, places.kubernetes);
  await mkdir(kubernetes, { recursive: true });
  for (const deb of kubernetesDebs(bundle)) await buildDeb(deb, kubernetes);
  await writePackages(kubernetes, kubernetes);

  const docker = join(apt, places.docker);
  const pool = `dists/trixie/pool/stable/${architecture}`;
  await mkdir(join(docker, pool), { recursive: true });
  const unpacked = join(docker, "runc");
  await runProgram(["dpkg-deb", "-x", join(bundle, "packages/runc.deb"), unpacked]);
  await buildDeb(containerdDeb(bundle, join(unpacked, "usr/sbin/runc")), join(docker, pool));
  await rm(unpacked, { recursive: true });
  await writePackages(join(docker, pool), join(docker, places.dockerList), `${pool}/`);

  const criu = join(apt, places.criu);
  await mkdir(criu, { recursive: true });
  for (const name of await readdir(join(bundle, "packages"))) {
    // Docker's package has its own runc.
    if (name !== "runc.deb") await copyFile(join(bundle, "packages", name), join(criu, name));
  }
  await writePackages(criu, criu);
}

async function fillRegistry(bundle: string, program: string, folder: string): Promise<void> {
  const content = join(folder, "registry");
  await mkdir(content);
  const stage = await mkdtemp(join(folder, "stage-"));
  const server = await startRegistry({
    ...{ program, content, folder: stage, host: "127.0.0.1", readOnly: false },
  });
  try {
    for (const name of await readdir(join(bundle, "images"))) {
      await pushImage(server.endpoint, join(bundle, "images", name));
    }
    await pushImage(server.endpoint, await pluginImage(bundle, stage));
  } finally {
    await server.stop();
    await rm(stage, { recursive: true });
  }
}

/** The image of flannel's CNI plugin: busybox with the stand-in where the plugin lies. */
async function pluginImage(bundle: string, stage: string): Promise<string> {
  const [busybox, root] = [join(stage, "busybox"), join(stage, "root")];
  for (const folder of [busybox, root]) await mkdir(folder);
  await runProgram(["tar", "-xf", join(bundle, "images/busybox.tar"), "-C", busybox]);
  const [image] = JSON.parse(await readFile(join(busybox, "manifest.json"), "utf8")) as readonly {
    readonly Layers: readonly string[];
  }[];
  await runProgram(["tar", "-xf", join(busybox, image?.Layers[0] ?? ""), "-C", root]);
  await cp(join(import.meta.dirname, "flannel-cni-plugin.sh"), join(root, "flannel"));
  await chmod(join(root, "flannel"), 0o755);
  const archive = join(stage, "plugin.tar");
  await writeDockerArchive(root, archive, { names: [upstream.flannel.plugin], entrypoint: [] });
  return archive;
}
