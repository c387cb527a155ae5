import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standstillProgram, type CallFigures } from "#test/bench/handler-call";
import { writeFilledImage } from "#test/bench/filled-image";
import { accessTo, withMeasuredPod, type MeasuredPod } from "#test/bench/measured-pod";
import { median, milliseconds, type BenchRow } from "#test/bench/row";
import type { LabCluster } from "#test/lab/lab-cluster";

const heap = 100;

/** How long a process stands still in images of 1 and 4 GiB: it must not show. */
export async function imageSizeRows(
  cluster: LabCluster,
  rounds: number,
): Promise<readonly BenchRow[]> {
  const [small, large] = await inImage(cluster, 1, (one) =>
    inImage(cluster, 4, (other) => measure([one, other], rounds)),
  );
  if (!small || !large) throw new Error("no figures");
  const growth = large.frozen / small.frozen;
  return [
    ...rowsOf(1, small),
    ...rowsOf(4, large),
    {
      what: `freeze of a ${heap} MiB process as the image grows from 1 to 4 GiB`,
      ours: milliseconds(large.frozen),
      peer: `1 GiB image: ${milliseconds(small.frozen)}`,
      figure: growth,
      bar: "<= 1.2: flat",
      met: growth <= 1.2,
    },
  ];
}

interface Figures {
  readonly frozen: number;
  readonly criu: number;
  /** A call of the kubelet without the handler's help: the container stands still most of it. */
  readonly plainCall: number;
}

function rowsOf(gibibytes: number, { frozen, criu, plainCall }: Figures): readonly BenchRow[] {
  const what = `freeze of a ${heap} MiB process, ${gibibytes} GiB image`;
  const row = { what, ours: milliseconds(frozen) };
  return [
    {
      ...row,
      peer: `CRIU's own frozen time: ${milliseconds(criu)}`,
      figure: frozen / criu,
      bar: "<= 1.2",
      met: frozen / criu <= 1.2,
    },
    {
      ...row,
      peer: `plain kubelet call: ${milliseconds(plainCall)}`,
      figure: frozen / plainCall,
      bar: "<= 0.2: 5 times shorter",
      met: frozen / plainCall <= 0.2,
    },
  ];
}

async function inImage<T>(
  cluster: LabCluster,
  gibibytes: number,
  work: (pod: MeasuredPod) => Promise<T>,
): Promise<T> {
  const image = `docker.io/clouder/filled-${gibibytes}:1`;
  await importImage(cluster, image, gibibytes * 2 ** 30);
  try {
    const options = { name: `bench-image-${gibibytes}`, command: standstillProgram(heap), image };
    return await withMeasuredPod(cluster, options, work);
  } finally {
    await onNode(cluster, ["ctr", "-n", "k8s.io", "images", "rm", "--sync", image]);
  }
}

/** In turn, so that whatever else the machine does hits all of them. */
async function measure(pods: readonly MeasuredPod[], rounds: number): Promise<readonly Figures[]> {
  const calls = pods.map((pod) => ({ pod, armed: [] as CallFigures[], plain: [] as number[] }));
  // containerd reads the image's files: the first call pays for a cold page cache.
  for (const { pod } of calls) await pod.call(false);
  for (let round = 0; round < rounds; round += 1) {
    // The dump before is still on its way to the disk: neither image always comes second.
    const order = round % 2 === 0 ? calls : calls.toReversed();
    for (const { pod, armed } of order) armed.push(await pod.call(true));
    if (round >= 2) continue;
    for (const { pod, plain } of calls) plain.push((await pod.call(false)).callMilliseconds);
  }
  return calls.map(({ armed, plain }) => ({
    frozen: median(armed.map(({ frozenMilliseconds = Number.NaN }) => frozenMilliseconds)),
    criu: median(armed.map(({ criuFrozenMilliseconds }) => criuFrozenMilliseconds)),
    plainCall: median(plain),
  }));
}

async function importImage(cluster: LabCluster, name: string, bytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "clouder-bench-image-"));
  try {
    const archive = join(folder, "image.tar");
    const base = join(cluster.bundle, "images/python.tar");
    await writeFilledImage(archive, { name, base, bytes });
    await onNode(cluster, ["ctr", "-n", "k8s.io", "images", "import", "-"], archive);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function onNode(
  cluster: LabCluster,
  argv: readonly string[],
  stdinFile?: string,
): Promise<void> {
  const access = await accessTo(cluster, cluster.nodes[0]);
  try {
    await access.run(argv, stdinFile === undefined ? {} : { stdinFile });
  } finally {
    await access.close();
  }
}
