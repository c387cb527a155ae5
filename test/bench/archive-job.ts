import { readFileSync, writeFileSync } from "node:fs";
import type { ContainerRecord } from "#checkpoint/archive/manifest";
import { openContainerArchive } from "#checkpoint/archive/read-container";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { writeContainerArchive } from "#checkpoint/archive/write-container";
import { openStore } from "#checkpoint/stores/open-store";
import type { Store } from "#checkpoint/stores/store";

/** One job in a process of its own: `write SOURCE`, `unpack FOLDER` or `inspect`; prints its figures. */

export interface JobFigures {
  readonly milliseconds: number;
  readonly peakBytes: number;
  readonly readBytes: number;
  readonly storedBytes: number;
}

const [job = "", endpoint = "", recordFile = "", path = ""] = process.argv.slice(2);
const prefix = "ns/pod/20260101t000000z-bench/";
const store = await openStore({
  url: "s3://bucket/bench",
  s3: { endpoint },
  credentials: {
    accessKeyId: process.env["BENCH_ACCESS_KEY"] ?? "",
    secretAccessKey: process.env["BENCH_SECRET_KEY"] ?? "",
  },
});
let readBytes = 0;
const counted: Store = {
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
const started = performance.now();
const record = await run();
const milliseconds = performance.now() - started;
const [, peak = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
const figures: JobFigures = {
  milliseconds,
  peakBytes: Number(peak) * 1024,
  readBytes,
  storedBytes: record.storedBytes,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
await store.close();

async function run(): Promise<ContainerRecord> {
  if (job === "write") {
    const target = { source: path, store: counted, prefix, containerName: "c" };
    const known = { callMilliseconds: 0, way: "plain", image: "i", imageID: "i" } as const;
    const written = { name: "c", ...known, ...(await writeContainerArchive(target)) };
    writeFileSync(recordFile, JSON.stringify(written));
    return written;
  }
  const stored = JSON.parse(readFileSync(recordFile, "utf8")) as ContainerRecord;
  const from = { store: counted, prefix, record: stored };
  if (job === "unpack") await unpackContainerArchive({ ...from, folder: path });
  else await openContainerArchive(from);
  return stored;
}
