import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, keys, prepareArchiveBench } from "#test/bench/archive-bench";
import type { ArchiveBench } from "#test/bench/archive-bench";
import type { JobFigures } from "#test/bench/archive-job";
import type { BenchWorld } from "#test/bench/groups";
import { takeArchive } from "#test/bench/real-archive";
import { mebibytes as inMebibytes, median, milliseconds } from "#test/bench/row";
import type { BenchRow } from "#test/bench/row";
import { ensureAllocator } from "#test/lab/product-image";
import { startS3Server } from "#test/lab/s3-server";

const sizes = [100, 1024, 4096] as const;
const rounds = 3;

/**
 * The archive's pipeline against pipelines of usual programs, on an S3 server of this machine, with
 * archives that the kubelet made of processes of three sizes.
 */
export async function archiveRows(world: BenchWorld): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "clouder-bench-"));
  // The measured process starts as the agent does.
  await ensureAllocator((line) => {
    world.say(line);
  });
  try {
    for (const size of sizes) {
      world.say(`an archive of a process of ${String(size)} MiB`);
      await takeArchive(await world.cluster(), size, sourceOf(folder, size));
    }
    // A cluster's own work would be measured too.
    await world.dropCluster();
    return await rowsOf(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sourceOf(folder: string, mebibytes: number): string {
  return join(folder, `process-${String(mebibytes)}.tar`);
}

async function rowsOf(folder: string): Promise<readonly BenchRow[]> {
  mkdirSync(join(folder, "s3/bucket"), { recursive: true });
  const server = await startS3Server({
    address: "127.0.0.1",
    folder: join(folder, "s3"),
    accessKey: keys.BENCH_ACCESS_KEY,
    secretKey: keys.BENCH_SECRET_KEY,
  });
  try {
    await using bench = await prepareArchiveBench(folder, server.endpoint);
    const small = await oneSize(bench, 100);
    const middle = await oneSize(bench, 1024);
    const large = await oneSize(bench, 4096);
    const rest = await bench.run("rest");
    const growth = large.peakBytes / middle.peakBytes;
    return [
      ...small.rows,
      ...middle.rows,
      ...large.rows,
      {
        what: "agent's memory while it stores or unpacks 4 GiB",
        ours: inMebibytes(large.peakBytes),
        peer: `1 GiB: ${inMebibytes(middle.peakBytes)}`,
        figure: growth,
        bar: "<= 200 MB, flat in size",
        met: large.peakBytes <= 200e6 && growth <= 1.1,
      },
      {
        what: "agent's memory after all this work",
        ours: inMebibytes(rest.residentBytes),
        peer: `the most while it worked: ${inMebibytes(large.peakBytes)}`,
        figure: rest.residentBytes / large.peakBytes,
        bar: "<= 100 MB",
        met: rest.residentBytes <= 100e6,
      },
      {
        what: "bytes read to inspect 4 GiB in the store",
        ours: `${(large.inspected / 1024).toFixed(0)} KiB`,
        peer: `stored: ${inMebibytes(large.storedBytes)}`,
        figure: large.inspected / 2 ** 20,
        bar: "< 1 MiB",
        met: large.inspected < 2 ** 20,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function oneSize(bench: ArchiveBench, mebibytes: number) {
  const { folder } = bench;
  const source = sourceOf(folder, mebibytes);
  const target = join(folder, "unpacked");
  const fresh = () => {
    rmSync(target, { recursive: true, force: true });
    rmSync(`${folder}/s3/bucket/peer.tar.zst`, { force: true });
    execFileSync("sync");
  };
  const [stored, uploaded, unpacked, piped]: [JobFigures[], number[], JobFigures[], number[]] = [
    [],
    [],
    [],
    [],
  ];
  for (let round = 0; round < rounds; round += 1) {
    fresh();
    uploaded.push(bench.upload(source));
    fresh();
    stored.push(await bench.run(`write ${source}`));
    fresh();
    piped.push(timed(`mkdir ${target} && ${curl(bench)} | zstd -q -d -c | tar -x -C ${target}`));
    fresh();
    unpacked.push(await bench.run(`unpack ${target}`));
  }
  fresh();
  // gzip takes a minute for 4 GiB: one round tells enough.
  const copied = mebibytes > 2048 ? undefined : timed(copyAndPut(bench, source));
  const inspected = (await bench.run("inspect")).readBytes;
  const ours = median(stored.map((figures) => figures.milliseconds));
  const restored = median(unpacked.map((figures) => figures.milliseconds));
  const size = `${String(mebibytes)} MiB process`;
  const parallel = { how: "zstd -1 -T0, 4 parts at once", took: median(uploaded) };
  const piping = { how: "curl, zstd -d, tar x", took: median(piped) };
  const rows = [
    row(`${size} to the store`, ours, parallel, "<= 1.15", 1.15),
    row(
      `${size} fetched, verified, unpacked`,
      restored,
      piping,
      "<= 1.11: 0.9 of its speed",
      1 / 0.9,
    ),
  ];
  if (copied !== undefined) {
    rows.push(
      row(`${size} to the store`, ours, { how: "cp, gzip, PUT", took: copied }, "<= 0.5", 0.5),
    );
  }
  const all = [...stored, ...unpacked];
  return {
    rows,
    inspected,
    peakBytes: Math.max(...all.map((figures) => figures.peakBytes)),
    storedBytes: stored[0]?.storedBytes ?? 0,
  };
}

function row(
  what: string,
  ours: number,
  peer: { readonly how: string; readonly took: number },
  bar: string,
  most: number,
): BenchRow {
  const figure = ours / peer.took;
  return {
    what,
    ours: milliseconds(ours),
    peer: `${peer.how}: ${milliseconds(peer.took)}`,
    figure,
    bar,
    met: figure <= most,
  };
}

function timed(command: string): number {
  const started = performance.now();
  execFileSync("bash", ["-o", "pipefail", "-c", command], { env: environment });
  return performance.now() - started;
}

/** Keys by standard input, as other users can read argv. */
function curlTo(bench: ArchiveBench, rest: string, key: string): string {
  const user = 'user = "$BENCH_ACCESS_KEY:$BENCH_SECRET_KEY"';
  const sign = '-H "x-amz-content-sha256: UNSIGNED-PAYLOAD" --aws-sigv4 aws:amz:us-east-1:s3';
  const quoted = user.replaceAll('"', '\\"');
  return `curl -sf -K <(echo "${quoted}") ${sign} ${rest} ${bench.endpoint}/bucket/${key}`;
}

function curl(bench: ArchiveBench): string {
  return curlTo(bench, "", "bench/ns/pod/20260101t000000z-bench/c.tar.zst");
}

function copyAndPut(bench: ArchiveBench, source: string): string {
  const copy = join(bench.folder, "copy.tar");
  const put = curlTo(bench, `-T ${copy}.gz`, "peer.tar.gz");
  return `cp ${source} ${copy} && gzip ${copy} && ${put} && rm ${copy}.gz`;
}
