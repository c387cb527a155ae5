import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { loadDriver } from "#core/registry";
import { groups } from "#test/bench/groups";
import { updatedPage } from "#test/bench/page";
import type { BenchRow } from "#test/bench/row";
import { createWorld } from "#test/bench/world";

/**
 * `npm run bench`: every row against its peer in this one run; writes docs/benchmarks.md.
 * `node test/bench/run.ts GROUP…` measures the named groups and leaves the others' tables alone.
 */

const page = "docs/benchmarks.md";
const names = process.argv.slice(2);
const chosen = await Promise.all(
  (names.length > 0 ? names : Object.keys(groups)).map(async (name) => ({
    measure: await loadDriver(groups, "group of benchmarks", name),
    title: groups[name]?.title ?? name,
  })),
);
spawnSync(process.execPath, ["build.ts"], { stdio: "inherit" });
const say = (text: string) => process.stdout.write(`${text}\n`);
const titles = Object.values(groups).map(({ title }) => title);
await using world = createWorld(say);
for (const { measure, title } of chosen) {
  say(title);
  const [loadBefore = 0] = loadavg();
  const rows = await measure(world);
  rows.forEach(show);
  // At once: a later group that fails takes nothing away.
  const fresh = new Map([[title, { rows, loadBefore }]]);
  writeFileSync(page, updatedPage(readFileSync(page, "utf8"), fresh, titles));
}

function show({ met, what, ours, peer, bar }: BenchRow): void {
  say(`${met ? "met   " : "MISSED"} ${what}: ${ours} (${peer}), bar ${bar}`);
}
