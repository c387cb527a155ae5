import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { archiveRows } from "#test/bench/archive";
import { clusterRows } from "#test/bench/cluster";
import type { BenchRow } from "#test/bench/row";
import { startupRows } from "#test/bench/startup";
import { raiseLabCluster } from "#test/lab/lab-cluster";

/** `npm run bench`: every row against its peer in this one run; writes docs/benchmarks.md. */

spawnSync(process.execPath, ["build.ts"], { stdio: "inherit" });
const say = (text: string) => process.stdout.write(`${text}\n`);
const rows: BenchRow[] = [];
const add = (more: readonly BenchRow[]) => {
  rows.push(...more);
  for (const row of more) {
    say(`${row.met ? "met   " : "MISSED"} ${row.what}: ${row.ours} (${row.peer}), bar ${row.bar}`);
  }
};

say("start-up");
add(startupRows());
say("archive and store");
add(await archiveRows());
{
  await using cluster = await raiseLabCluster({ name: "bench", step: say });
  say("on a node");
  add(await clusterRows(cluster));
}
writeFileSync("docs/benchmarks.md", document());

function document(): string {
  const [cpu] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const lines = rows.map(
    ({ what, ours, peer, figure, bar, met }) =>
      `| ${what} | ${ours} | ${peer} | ${figure.toFixed(2)} | ${bar} | ${met ? "met" : "**missed**"} |`,
  );
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench`. Each row sets our way beside the peer's in one run on one machine; only",
    "the ratios carry over to other machines. Medians of several rounds.",
    "",
    `Machine: ${String(cpus().length)} x ${cpu?.model.trim() ?? "unknown"}, ${memory}, Linux ${release()}, Node.js ${process.version}.`,
    "",
    "| what | ours | beside it | figure | bar | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
