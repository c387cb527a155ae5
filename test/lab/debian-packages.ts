import { ClouderError } from "#core/error";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { copyRoot, inRoot } from "./debian.ts";
import { outputOf } from "./run-program.ts";
import { debian } from "./versions.ts";

export interface DebianPackage {
  readonly file: string;
  readonly package: string;
  readonly version: string;
}

/**
 * Debian packages in sets, one folder each: `nodes` is what a plain Debian server lacks to be a node,
 * dependencies included, `load-balancer` what some control planes lack beyond that; `busybox`, `python` and
 * `network` are whole closures for images.
 */
export function debianPackages(server: string): CachedPart {
  return {
    name: "debian-packages",
    title: "Debian packages for nodes and images",
    expected: "about 1 minute",
    inputs: [server.split("/").at(-1), debian],
    recipe: [import.meta.filename],
    build: async (folder) => {
      const root = join(folder, "root");
      await copyRoot(join(server, "root"), root);
      const newer = debian.checkpoint.map((name) => `${name}/${debian.newerRelease}`);
      const nodes = [...newer, ...debian.node];
      await download(root, folder, { set: "nodes", names: nodes, whole: false });
      const library = `${debian.loadBalancerLibrary}/${debian.newerRelease}`;
      const balancing = [...nodes, ...debian.loadBalancer, library];
      await download(root, folder, { set: "load-balancer", names: balancing, whole: false });
      for (const file of await readdir(join(folder, "nodes"))) {
        await rm(join(folder, "load-balancer", file));
      }
      for (const [set, names] of Object.entries(debian.images)) {
        await download(root, folder, { set, names, whole: true });
      }
      await rm(root, { recursive: true });
      await checkCriu(join(folder, "nodes"));
    },
  };
}

/** Name and version of every package in a folder. */
export async function packagesIn(folder: string): Promise<readonly DebianPackage[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".deb")).sort();
  return await Promise.all(
    files.map(async (file) => {
      const format = "--showformat=${Package} ${Version}";
      const answer = await outputOf(["dpkg-deb", "-W", format, join(folder, file)]);
      const [name = "", version = ""] = answer.split(" ");
      return { file, package: name, version };
    }),
  );
}

/** "1:4.2.1-2+b1" → "4.2.1": the version its authors gave. */
export function upstreamVersion(version: string): string {
  return version.replace(/^[0-9]+:/, "").replace(/[-+~].*$/, "");
}

async function download(
  root: string,
  folder: string,
  wanted: { readonly set: string; readonly names: readonly string[]; readonly whole: boolean },
): Promise<void> {
  const archives = "/var/cache/apt/lab";
  await mkdir(join(root, archives, "partial"), { recursive: true });
  const options = [
    `-o Dir::Cache::archives=${archives}`,
    "-o APT::Sandbox::User=root",
    // Against an empty status every dependency counts as missing.
    ...(wanted.whole ? ["-o Dir::State::status=/dev/null"] : []),
  ];
  await inRoot(
    root,
    `apt-get -q -y install --download-only --no-install-recommends ${options.join(" ")} ${wanted.names.join(" ")}`,
  );
  const target = join(folder, wanted.set);
  await mkdir(target);
  for (const file of await readdir(join(root, archives))) {
    if (file.endsWith(".deb")) await rename(join(root, archives, file), join(target, file));
  }
  await rm(join(root, archives), { recursive: true });
}

async function checkCriu(folder: string): Promise<void> {
  const criu = (await packagesIn(folder)).find((one) => one.package === "criu");
  const version = upstreamVersion(criu?.version ?? "none");
  if (version !== debian.criuSeries && !version.startsWith(`${debian.criuSeries}.`)) {
    throw new ClouderError(
      "unsupported",
      `the mirror has criu ${version}, the lab is tested with ${debian.criuSeries}`,
      { hint: "try the proofs with it, then change criuSeries in test/lab/versions.ts" },
    );
  }
}
