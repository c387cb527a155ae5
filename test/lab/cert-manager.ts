import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePart, type CachedPart } from "./cache.ts";
import { goBuild, moduleFolder } from "./go-build.ts";
import { progressOf } from "./progress.ts";
import { freePort, startServer, type ServerHandle } from "./server-process.ts";
import { versions } from "./versions.ts";

const module = "github.com/cert-manager/cert-manager";
const version = `v${versions.certManager}`;
const mainFile = join(import.meta.dirname, "cert-manager.go");

/** cert-manager of a lab cluster: its kinds to be applied, and its controllers as a process of this host. */
export interface CertManager {
  /** Files of CustomResourceDefinitions. */
  readonly kinds: readonly string[];
  readonly start: (kubeconfig: string) => Promise<ServerHandle>;
}

const certManager: CachedPart = {
  name: "cert-manager",
  title: `cert-manager ${version}`,
  expected: "about 2 minutes",
  inputs: [module, version, versions.goLanguage],
  recipe: [import.meta.filename, mainFile, join(import.meta.dirname, "go-build.ts")],
  build: async (folder) => {
    const source = join(folder, "source");
    await mkdir(source);
    await copyFile(mainFile, join(source, "main.go"));
    const lines = ["module lab/cert-manager", `go ${versions.goLanguage}`];
    await writeFile(
      join(source, "go.mod"),
      [...lines, `require ${module} ${version}`, ""].join("\n"),
    );
    await goBuild({ source, target: folder, programs: { "cert-manager": "lab/cert-manager" } });
    const kinds = join(await moduleFolder(module, version), "deploy/crds");
    await mkdir(join(folder, "kinds"));
    for (const file of (await readdir(kinds)).filter((name) => name.endsWith(".yaml"))) {
      await copyFile(join(kinds, file), join(folder, "kinds", file));
    }
    await rm(source, { recursive: true });
  },
};

/** cert-manager from the cache; built first when it is not there. */
export async function ensureCertManager(say: (line: string) => void): Promise<CertManager> {
  const folder = await ensurePart(certManager, progressOf(1, say));
  const kinds = (await readdir(join(folder, "kinds"))).map((name) => join(folder, "kinds", name));
  return {
    kinds,
    start: async (kubeconfig) => {
      const address = `127.0.0.1:${await freePort("127.0.0.1")}`;
      return startServer({
        argv: [join(folder, "cert-manager"), address],
        environment: { KUBECONFIG: kubeconfig },
        endpoint: `http://${address}/healthz`,
      });
    },
  };
}
