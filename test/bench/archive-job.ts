import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { thenCollected } from "#checkpoint/agent/memory";
import type { ContainerRecord } from "#checkpoint/archive/manifest";
import { openContainerArchive } from "#checkpoint/archive/read-container";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { writeContainerArchive } from "#checkpoint/archive/write-container";
import { openStore } from "#checkpoint/stores/open-store";
import type { Store } from "#checkpoint/stores/store";

/**
 * A process that lives as long as an agent: does the jobs that come by standard input, one in a line,
 * `write SOURCE`, `unpack FOLDER`, `inspect` or `rest`, and answers each with its figures.
 */

export interface JobFigures {
  readonly milliseconds: number;
  readonly peakBytes: number;
  /** Memory held when the job had ended. */
  readonly residentBytes: number;
  readonly readBytes: number;
  readonly storedBytes: number;
}

const write = thenCollected(writeContainerArchive);
const unpack = thenCollected(unpackContainerArchive);
const [endpoint = "", recordFile = ""] = process.argv.slice(2);
const prefix = "ns/pod/20260101t000000z-bench/";
const settings = {
  url: "s3://bucket/bench",
  s3: { endpoint },
  credentials: {
    accessKeyId: process.env["BENCH_ACCESS_KEY"] ?? "",
    secretAccessKey: process.env["BENCH_SECRET_KEY"] ?? "",
  },
};
let readBytes = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const [job = "", path = ""] = line.split(" ");
  readBytes = 0;
  const started = performance.now();
  // One for each job, as the agent does.
  const store = await openStore(settings);
  const record = await run(job === "inspect" ? counting(store) : store, job, path);
  await store.close();
  const milliseconds = performance.now() - started;
  const figures: JobFigures = {
    milliseconds,
    peakBytes: memoryOf("VmHWM"),
    residentBytes: memoryOf("VmRSS"),
    readBytes,
    storedBytes: record.storedBytes,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function memoryOf(field: "VmHWM" | "VmRSS"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  const [, kibibytes = "0"] = new RegExp(`${field}:\\s+(\\d+)`).exec(status) ?? [];
  return Number(kibibytes) * 1024;
}

function counting(store: Store): Store {
  return {
    ...store,
    get: async (key, options) => {
      const body = await store.get(key, options);
      return (async function* () {
        for await (const chunk of body) {
          readBytes += chunk.length;
          yield chunk;
        }
      })();
    },
  };
}

async function run(store: Store, job: string, path: string): Promise<ContainerRecord> {
  if (job === "write") {
    const target = { source: path, store, prefix, containerName: "c" };
    const known = { callMilliseconds: 0, way: "plain", image: "i", imageID: "i" } as const;
    const written = { name: "c", ...known, ...(await write(target)) };
    writeFileSync(recordFile, JSON.stringify(written));
    return written;
  }
  const stored = JSON.parse(readFileSync(recordFile, "utf8")) as ContainerRecord;
  const from = { store, prefix, record: stored };
  // Long enough for the collection of an agent that has become idle, and for the allocator to let go.
  if (job === "rest") await setTimeout(15_000);
  else if (job === "unpack") await unpack({ ...from, folder: path });
  else await openContainerArchive(from);
  return stored;
}
