import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { build } from "esbuild";

/** A server of the webhook bench in a process of its own, on one core. */
export interface BenchServer {
  readonly port: number;
  readonly startMilliseconds: number;
  residentBytes(): number;
  /** SIGTERM; resolves when the process has ended. */
  stop(): Promise<number | null>;
}

const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join(" ");

/** As the package is built: one file, so that nothing is measured that users do not have. */
export async function bundleServer(
  name: "webhook-server" | "webhook-peer" | "webhook-floor",
  folder: string,
) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join("test/bench", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22.19",
    format: "esm",
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
    banner: { js: banner },
  });
  return outfile;
}

/** As the image and the Deployment set them. */
export const nodeOptions = [
  "--no-concurrent-recompilation",
  "--max-old-space-size=160",
  "--max-semi-space-size=8",
];

/** Starts the server on the first core; resolves when it says that it listens. */
export async function startServer(
  file: string,
  args: readonly string[],
  ask: (port: number) => Promise<void>,
): Promise<BenchServer> {
  const started = performance.now();
  const child = spawn("taskset", ["-c", "0", process.execPath, ...nodeOptions, file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // Of glibc: an arena for each thread would only spread what is freed.
    env: { ...process.env, MALLOC_ARENA_MAX: "2" },
  });
  const port = await listening(child);
  await ask(port);
  const startMilliseconds = performance.now() - started;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    port,
    startMilliseconds,
    residentBytes: () => {
      const status = readFileSync(`/proc/${String(child.pid)}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
    },
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

async function listening(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("the server ended before it listened");
}
