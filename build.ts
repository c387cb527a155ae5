import { build, type Metafile } from "esbuild";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bundles every command and entry point to dist/, shared code in chunks, and writes the oclif manifest. */

/** What bundled CommonJS packages expect to find; __dirname is ssh2's. */
const banner = {
  js: [
    'import { createRequire as __createRequire } from "node:module";',
    "const require = __createRequire(import.meta.url);",
    "const __dirname = import.meta.dirname, __filename = import.meta.filename;",
  ].join(" "),
};

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const entries = [
  ...files("plugin/commands"),
  "plugin/cli/main.ts",
  "plugin/cli/complete.ts",
  "checkpoint/agent/main.ts",
  "checkpoint/controller/main.ts",
  "webhook/server/main.ts",
  "webhook/controller/main.ts",
].filter((file) => existsSync(file));

rmSync("dist", { recursive: true, force: true });
const common = {
  bundle: true,
  platform: "node" as const,
  target: "node22.19",
  format: "esm" as const,
  // Optional parts of ssh2, and compilers that oclif looks for in plugins under development.
  external: ["cpu-features", "*.node", "typescript", "ts-node"] as string[],
  // CommonJS loses its named exports when it is imported lazily.
  alias: {
    yaml: "./node_modules/yaml/browser/index.js",
    "@azure/arm-authorization": "./node_modules/@azure/arm-authorization/dist-esm/src/index.js",
  },
  logLevel: "warning" as const,
  legalComments: "none" as const,
};

const { metafile } = await build({
  ...common,
  entryPoints: entries,
  outdir: "dist",
  outbase: ".",
  splitting: true,
  // Names stay as they are: stack traces should tell something.
  minifyWhitespace: true,
  minifySyntax: true,
  chunkNames: "chunks/[name]-[hash]",
  banner,
  metafile: true as const,
});
writeFileSync("dist/metafile.json", JSON.stringify(metafile));
refuseLostNames(metafile);

// The restore helper is copied to nodes as one file.
if (existsSync("checkpoint/handler/main.ts")) {
  await build({
    ...common,
    entryPoints: ["checkpoint/handler/main.ts"],
    outfile: "dist/restore-helper.mjs",
    minifySyntax: true,
    banner,
  });
}
for (const file of readdirSync("bin")) {
  if (!file.endsWith(".cjs")) chmodSync(join("bin", file), 0o755);
}
if (existsSync("plugin/cli/manifest.ts")) {
  execFileSync(process.execPath, ["plugin/cli/manifest.ts"], { stdio: "inherit" });
}

/** Fails when a package that is imported lazily would have a default export and no named ones. */
function refuseLostNames({ inputs, outputs }: Metafile): void {
  const lost = Object.values(outputs)
    .flatMap(({ entryPoint }) => entryPoint ?? [])
    .filter((path) => inputs[path]?.format === "cjs")
    // Ours takes its default export.
    .filter((path) => !path.includes("node_modules/ssh2/"));
  if (lost.length > 0) throw new Error(`give these ES modules by an alias: ${lost.join(", ")}`);
}
