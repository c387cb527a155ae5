import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { agentMemory, agentNodeOption } from "#checkpoint/agent/memory";
import type { JobFigures } from "#test/bench/archive-job";

export const keys = { BENCH_ACCESS_KEY: "bench", BENCH_SECRET_KEY: "bench-secret" };
export const environment = { ...process.env, ...keys };
/** As the agent runs; its peers run as they are. */
const agentEnvironment = {
  ...environment,
  ...Object.fromEntries(agentMemory.map(({ name, value }) => [name, value])),
};

/** What works on archives: a process like the agent, and its peer. */
export interface ArchiveBench extends AsyncDisposable {
  readonly folder: string;
  readonly endpoint: string;
  run(job: string): Promise<JobFigures>;
  upload(source: string): number;
}

/** Bundled as the agent is: what compiles TypeScript, and longer sources, would count as memory. */
export async function prepareArchiveBench(folder: string, endpoint: string): Promise<ArchiveBench> {
  const banner =
    'import { createRequire as __make } from "node:module"; const require = __make(import.meta.url);';
  await build({
    entryPoints: ["test/bench/archive-job.ts", "test/bench/parallel-upload.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    // What build.ts does: only the store's own SDK is loaded, without its blanks and comments.
    splitting: true,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    banner: { js: banner },
    logLevel: "error",
  });
  const job = [agentNodeOption, join(folder, "archive-job.mjs"), endpoint];
  const agent = spawn(process.execPath, [...job, join(folder, "record.json")], {
    env: agentEnvironment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
  const uploader = [join(folder, "parallel-upload.mjs"), endpoint];
  return {
    folder,
    endpoint,
    run: async (name) => {
      agent.stdin.write(`${name}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`the agent ended in "${name}"`);
      return JSON.parse(value) as JobFigures;
    },
    upload: (source) => {
      const argv = [...uploader, source];
      const text = execFileSync(process.execPath, argv, { env: environment, encoding: "utf8" });
      return (JSON.parse(text) as { milliseconds: number }).milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      agent.stdin.end();
      await once(agent, "exit");
    },
  };
}
