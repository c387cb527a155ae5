import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Bundle, BundleFile } from "#bootstrap/bundle/bundle";
import { buildBundle } from "./build-bundle.ts";
import { ensurePart, type CachedPart } from "./cache.ts";
import { sha256Of, writeDockerArchive } from "./docker-archive.ts";
import { goPrograms, moduleFolder } from "./go-build.ts";
import { stagingReplaces } from "./kubernetes.ts";
import { progressOf } from "./progress.ts";
import { runProgram } from "./run-program.ts";
import { versions } from "./versions.ts";

/** What the tests of add-ons need beyond the lab's bundle: built for them only. */
export interface Addons {
  /** Folder with the helm program. */
  readonly helm: string;
  /** The lab's bundle with charts, and the images of those that can run here. */
  readonly bundle: string;
}

const pins = {
  helm: "3.21.4",
  /** The chart as the table of add-ons names it. */
  metricsServer: { program: "0.9.0", chart: "3.14.0" },
  traefik: { chart: "41.6.0", program: "v3.7.13" },
} as const;

const helm = goPrograms({
  name: "helm",
  module: "helm.sh/helm/v3",
  version: `v${pins.helm}`,
  expected: "about 4 minutes",
  programs: { helm: "helm.sh/helm/v3/cmd/helm" },
  variables: { "helm.sh/helm/v3/internal/version.version": `v${pins.helm}` },
  goModLines: likeKubernetes,
});

const metricsModule = "sigs.k8s.io/metrics-server";
const metricsVersion = `v${pins.metricsServer.program}`;
const metricsServer = goPrograms({
  name: "metrics-server",
  module: metricsModule,
  version: metricsVersion,
  expected: "about 3 minutes",
  programs: { "metrics-server": `${metricsModule}/cmd/metrics-server` },
  goModLines: likeKubernetes,
});

/** With Kubernetes' own versions of what they share, which the compiler's cache has already. */
async function likeKubernetes(): Promise<readonly string[]> {
  const [module, number] = ["k8s.io/kubernetes", versions.kubernetes];
  const folder = await moduleFolder(module, `v${number}`);
  const goMod = await readFile(join(folder, "go.mod"), "utf8");
  return [`require ${module} v${number}`, ...stagingReplaces(goMod, number)];
}

/** Helm, and a bundle with add-ons, from the cache; built first when they are not there. */
export async function ensureAddons(say: (line: string) => void): Promise<Addons> {
  const progress = progressOf(3, say);
  const bundle = await buildBundle(say);
  const programs = {
    helm: await ensurePart(helm, progress),
    metricsServer: await ensurePart(metricsServer, progress),
  };
  return {
    helm: programs.helm,
    bundle: await ensurePart(addonBundle({ bundle, ...programs }), progress),
  };
}

interface Sources {
  readonly bundle: string;
  readonly helm: string;
  readonly metricsServer: string;
}

function addonBundle(from: Sources): CachedPart {
  return {
    name: "addon-bundle",
    title: "offline bundle with add-ons",
    expected: "a few seconds",
    inputs: [...Object.values(from).map((folder: string) => basename(folder)), pins],
    recipe: [import.meta.filename, join(import.meta.dirname, "docker-archive.ts")],
    build: async (folder) => {
      // Hard links: no second copy. The list of files becomes another one.
      await runProgram(["cp", "-al", `${from.bundle}/.`, folder]);
      const list = join(folder, "bundle.json");
      const bundle = JSON.parse(await readFile(list, "utf8")) as Bundle;
      await rm(list);
      const charts = await packCharts(from.helm, folder);
      const files = [...bundle.files, ...charts, await imageOf(from, folder)];
      await writeFile(list, `${JSON.stringify({ ...bundle, files }, null, 2)}\n`);
    },
  };
}

/** Charts as their makers' modules have them, under the versions that the product names. */
async function packCharts(helmFolder: string, folder: string): Promise<readonly BundleFile[]> {
  const { metricsServer: metrics, traefik } = pins;
  const sources = [
    {
      ...{ name: "metrics-server", version: metrics.chart, app: metrics.program },
      from: join(await moduleFolder(metricsModule, metricsVersion), "charts/metrics-server"),
    },
    {
      ...{ name: "traefik", version: traefik.chart, app: traefik.program },
      from: join(
        await moduleFolder(
          "github.com/traefik/traefik-helm-chart",
          `v${traefik.chart}+incompatible`,
        ),
        "traefik",
      ),
    },
  ];
  const files: BundleFile[] = [];
  await mkdir(join(folder, "charts"));
  for (const { name, version, app, from } of sources) {
    await runProgram([
      ...[join(helmFolder, "helm"), "package", from, "--destination", join(folder, "charts")],
      ...["--version", version, "--app-version", app],
    ]);
    const path = `charts/${name}-${version}.tgz`;
    files.push({ kind: "chart", name, version, path, ...(await measured(join(folder, path))) });
  }
  return files;
}

async function imageOf({ metricsServer: program }: Sources, folder: string): Promise<BundleFile> {
  const root = join(folder, "root");
  await mkdir(join(root, "tmp"), { recursive: true });
  await copyFile(join(program, "metrics-server"), join(root, "metrics-server"));
  await chmod(join(root, "metrics-server"), 0o755);
  const names = [`registry.k8s.io/metrics-server/metrics-server:${metricsVersion}`];
  const path = "images/metrics-server.tar";
  await writeDockerArchive(root, join(folder, path), { names, entrypoint: ["/metrics-server"] });
  await rm(root, { recursive: true });
  return { kind: "image", path, names, on: "all", ...(await measured(join(folder, path))) };
}

async function measured(
  file: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  return { sha256: await sha256Of(file), bytes: (await readFile(file)).length };
}
