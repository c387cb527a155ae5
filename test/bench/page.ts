import { cpus, release, totalmem } from "node:os";
import type { BenchRow } from "#test/bench/row";

const head = `# Benchmarks

Written by \`npm run bench\`; \`node test/bench/run.ts GROUP…\` measures some groups and replaces their tables alone.
Each row sets our way beside the peer's in one run on one machine; only the ratios carry over to other machines.
Medians of several rounds.
`;

export interface Measured {
  readonly rows: readonly BenchRow[];
  /** Programs that ran or waited for the disk in the minute before: other work spoils figures. */
  readonly loadBefore: number;
}

/** The page with these tables replaced or added and all others kept, in the order of `titles`. */
export function updatedPage(
  page: string,
  fresh: ReadonlyMap<string, Measured>,
  titles: readonly string[],
): string {
  const kept = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n")).trim()]),
  );
  const sections = titles.flatMap((title) => {
    const measured = fresh.get(title);
    const body = measured ? bodyOf(measured) : kept.get(title);
    return body === undefined ? [] : [`## ${title}\n\n${body}\n`];
  });
  return [head, ...sections].join("\n");
}

function bodyOf({ rows, loadBefore }: Measured): string {
  const [cpu] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const lines = rows.map(
    ({ what, ours, peer, figure, bar, met }) =>
      `| ${what} | ${ours} | ${peer} | ${figure.toFixed(2)} | ${bar} | ${met ? "met" : "**missed**"} |`,
  );
  return [
    `Machine: ${String(cpus().length)} x ${cpu?.model.trim() ?? "unknown"}, ${memory}, Linux ${release()}, Node.js ${process.version}; load before: ${loadBefore.toFixed(1)}.`,
    "",
    "| what | ours | beside it | figure | bar | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
