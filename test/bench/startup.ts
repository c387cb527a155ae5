import { spawnSync } from "node:child_process";
import { milliseconds, median, type BenchRow } from "#test/bench/row";

/** Start-up of the command against Node.js doing nothing, in turn. */
export function startupRows(): readonly BenchRow[] {
  const rounds = 21;
  const timed = (argv: readonly [string, ...string[]]) => {
    const [file, ...args] = argv;
    const started = performance.now();
    const { status } = spawnSync(file, args, { stdio: "ignore" });
    if (status !== 0) throw new Error(`${argv.join(" ")}: status ${String(status)}`);
    return performance.now() - started;
  };
  const bare: number[] = [];
  const help: number[] = [];
  const version: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const figures = [
      timed([process.execPath, "-e", "0"]),
      timed(["bin/kubectl-clouder", "--help"]),
      timed(["bin/kubectl-clouder", "version"]),
    ] as const;
    if (round < 0) continue; // the first round fills the compile cache
    bare.push(figures[0]);
    help.push(figures[1]);
    version.push(figures[2]);
  }
  const allowed = 1.5 * median(bare) + 60;
  return [
    ["kubectl clouder --help", median(help)] as const,
    ["kubectl clouder version", median(version)] as const,
  ].map(([what, ours]) => ({
    what,
    ours: milliseconds(ours),
    peer: `node -e 0: ${milliseconds(median(bare))}`,
    figure: ours / allowed,
    bar: `<= 1.5 x bare Node.js + 60 ms = ${milliseconds(allowed)}`,
    met: ours <= allowed,
  }));
}
