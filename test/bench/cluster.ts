import type { BenchWorld } from "#test/bench/groups";
import { standstillProgram, type CallFigures } from "#test/bench/handler-call";
import { measureExec } from "#test/bench/handler-exec";
import { imageSizeRows } from "#test/bench/image-size";
import { withMeasuredPod, type MeasuredPod } from "#test/bench/measured-pod";
import { mebibytes, median, milliseconds, type BenchRow } from "#test/bench/row";

const rounds = 5;

/** Rows measured on a node of a real cluster: freeze, kubelet call, bytes on the node, exec. */
export async function clusterRows(world: BenchWorld): Promise<readonly BenchRow[]> {
  const cluster = await world.cluster();
  const rows: BenchRow[] = [];
  for (const [heap, plain] of [
    [100, true],
    [1024, true],
    [4096, false],
  ] as const) {
    const options = { name: `bench-${heap}`, command: standstillProgram(heap) };
    rows.push(...(await withMeasuredPod(cluster, options, (pod) => callRows(pod, heap, plain))));
  }
  return [...rows, ...(await imageSizeRows(cluster, rounds))];
}

async function callRows(
  pod: MeasuredPod,
  heap: number,
  withPlain: boolean,
): Promise<readonly BenchRow[]> {
  const armed: CallFigures[] = [];
  const plain: CallFigures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    armed.push(await pod.call(true));
    if (withPlain && round < 2) plain.push(await pod.call(false));
  }
  const rows = [freezeRow(heap, armed), timeRow(heap, armed, plain)];
  if (heap >= 1024) rows.push(bytesRow(heap, armed, heap * 2 ** 20));
  if (heap === 100) rows.push(await execRow(pod));
  return rows;
}

function freezeRow(heap: number, calls: readonly CallFigures[]): BenchRow {
  const ours = median(calls.map(({ frozenMilliseconds = Number.NaN }) => frozenMilliseconds));
  const criu = median(calls.map(({ criuFrozenMilliseconds }) => criuFrozenMilliseconds));
  return {
    what: `freeze of a ${heap} MiB process`,
    ours: milliseconds(ours),
    peer: `CRIU's own frozen time: ${milliseconds(criu)}`,
    figure: ours / criu,
    bar: "<= 1.2",
    met: ours / criu <= 1.2,
  };
}

function timeRow(
  heap: number,
  ours: readonly CallFigures[],
  plain: readonly CallFigures[],
): BenchRow {
  const call = median(ours.map(({ callMilliseconds }) => callMilliseconds));
  const dump = median(ours.map(({ criuDumpMilliseconds }) => criuDumpMilliseconds));
  const other =
    plain.length === 0
      ? ""
      : `; plain call ${milliseconds(median(plain.map(({ callMilliseconds }) => callMilliseconds)))}`;
  const large = heap >= 1024;
  return {
    what: `kubelet call, ${heap} MiB process`,
    ours: milliseconds(call),
    peer: `CRIU's dump: ${milliseconds(dump)}${other}`,
    figure: call / dump,
    bar: large ? "<= 1.4" : "(no bar below 1 GiB)",
    met: !large || call / dump <= 1.4,
  };
}

function bytesRow(heap: number, calls: readonly CallFigures[], memory: number): BenchRow {
  const written = median(
    calls.map(({ archiveBytes, spooledBytes }) => archiveBytes + spooledBytes),
  );
  return {
    what: `bytes of the dump on the node, ${heap} MiB process`,
    ours: mebibytes(written),
    peer: `memory: ${mebibytes(memory)}`,
    figure: written / memory,
    bar: "<= 1.1",
    met: written / memory <= 1.1,
  };
}

async function execRow({ access, containerID }: MeasuredPod): Promise<BenchRow> {
  const { runc, shim } = await measureExec(access, containerID, {
    command: ["/bin/true"],
    rounds: 41,
  });
  return {
    what: "exec through the shim",
    ours: milliseconds(shim),
    peer: `runc: ${milliseconds(runc)}`,
    figure: shim - runc,
    bar: "<= 3 ms more",
    met: shim - runc <= 3,
  };
}
