import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { outputOf, runProgram } from "./run-program.ts";
import { versions } from "./versions.ts";

/** Programs of one Go module, built in a module of our own that requires exactly that version. */
export interface GoPrograms {
  readonly name: string;
  readonly module: string;
  /** With the leading v. */
  readonly version: string;
  readonly expected: string;
  /** Program name → its main package. */
  readonly programs: Readonly<Record<string, string>>;
  /** Package variables set by the linker: full name → value. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Further lines of go.mod; asked for only when it is built. */
  readonly goModLines?: () => Promise<readonly string[]>;
}

/** Static, stripped programs as a cached part: its folder holds one file per program. */
export function goPrograms(go: GoPrograms): CachedPart {
  return {
    name: go.name,
    title: `${go.name} ${go.version}`,
    expected: go.expected,
    inputs: [go.module, go.version, go.programs, go.variables, versions.goLanguage],
    recipe: [import.meta.filename],
    build: async (folder) => {
      const source = join(folder, "source");
      await mkdir(source);
      const lines = await go.goModLines?.();
      await writeFile(
        join(source, "go.mod"),
        [
          `module lab/${go.name}`,
          `go ${versions.goLanguage}`,
          `require ${go.module} ${go.version}`,
          ...(lines ?? []),
          "",
        ].join("\n"),
      );
      await goBuild({ source, target: folder, programs: go.programs, variables: go.variables });
      await rm(source, { recursive: true });
    },
  };
}

/** Builds main packages inside the module at `source` into `target`. */
export async function goBuild(build: {
  readonly source: string;
  readonly target: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>> | undefined;
}): Promise<void> {
  const output = join(build.source, ".programs");
  await mkdir(output);
  // Go's work folder too: a killed go build leaves hundreds of megabytes there.
  const work = join(build.source, ".work");
  await mkdir(work);
  const variables = Object.entries(build.variables ?? {}).map(
    ([key, value]) => `-X ${key}=${value}`,
  );
  await runProgram(
    [
      ...(["go", "build", "-mod=mod", "-trimpath", "-buildvcs=false"] as const),
      ...["-ldflags", ["-s", "-w", ...variables].join(" ")],
      ...["-o", `${output}/`],
      ...Object.values(build.programs),
    ],
    {
      folder: build.source,
      environment: { CGO_ENABLED: "0", GOFLAGS: "", GOTMPDIR: work, GOWORK: "off" },
    },
  );
  for (const [name, main] of Object.entries(build.programs)) {
    await rename(join(output, programName(main)), join(build.target, name));
  }
}

/** Where the module cache keeps the module's files; fetched first when they are not there. */
export async function moduleFolder(module: string, version: string): Promise<string> {
  const answer = await outputOf(["go", "mod", "download", "-json", `${module}@${version}`], {
    folder: "/",
    environment: { GOFLAGS: "", GOWORK: "off" },
  });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

/** What go build calls the program of a main package: the last word that is not a major version. */
export function programName(main: string): string {
  const last = basename(main);
  return /^v[0-9]+$/.test(last) ? basename(main.slice(0, -last.length - 1)) : last;
}
