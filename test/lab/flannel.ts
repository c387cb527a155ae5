import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { goBuild, moduleFolder } from "./go-build.ts";
import { runProgram } from "./run-program.ts";
import { versions } from "./versions.ts";

const module = "github.com/flannel-io/flannel";

/**
 * flanneld without two backends the lab has no use for: Tencent's cloud, whose SDK is not on the Go module
 * proxy in the version flannel requires, and UDP, which needs cgo.
 */
export const flannel: CachedPart = {
  name: "flannel",
  title: `flannel v${versions.flannel}`,
  expected: "about 1 minute",
  inputs: [versions.flannel, versions.goLanguage],
  recipe: [import.meta.filename, join(import.meta.dirname, "go-build.ts")],
  build: async (folder) => {
    const source = join(folder, "source");
    await cp(await moduleFolder(module, `v${versions.flannel}`), source, { recursive: true });
    await runProgram(["chmod", "-R", "u+w", source]);
    const main = join(source, "main.go");
    await writeFile(main, withoutBackends(await readFile(main, "utf8"), ["tencentvpc", "udp"]));
    const goMod = join(source, "go.mod");
    await writeFile(goMod, withoutRequired(await readFile(goMod, "utf8"), "tencentcloud"));
    await goBuild({
      source,
      target: folder,
      programs: { flanneld: module },
      variables: { [`${module}/pkg/version.Version`]: `v${versions.flannel}` },
    });
    await rm(source, { recursive: true });
  },
};

/** flannel's main.go without the imports that register these backends. */
export function withoutBackends(mainGo: string, backends: readonly string[]): string {
  return backends.reduce((text, backend) => {
    const line = `\t_ "${module}/pkg/backend/${backend}"\n`;
    if (!text.includes(line)) throw new Error(`flannel's main.go does not import ${backend}`);
    return text.replace(line, "");
  }, mainGo);
}

/** go.mod without the requirements whose path contains `word`. */
export function withoutRequired(goMod: string, word: string): string {
  return goMod
    .split("\n")
    .filter((line) => !line.includes(word))
    .join("\n");
}
