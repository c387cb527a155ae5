import { expect, test } from "vitest";
import { updatedPage } from "#test/bench/page";
import type { BenchRow } from "#test/bench/row";

const row = (what: string, met = true): BenchRow => ({
  ...{ what, ours: "1 ms", peer: "other: 2 ms", figure: 0.5, bar: "<= 1", met },
});
const table = (title: string, ...rows: BenchRow[]) =>
  new Map([[title, { rows, loadBefore: 0.25 }]]);
const titles = ["Start", "Node", "Store"];
const rowsOf = (page: string) => page.split("\n").filter((line) => line.includes("other:"));

test("a group that was measured has a new table, the others keep theirs, in their order", () => {
  const first = updatedPage("", table("Store", row("put")), titles);
  const both = updatedPage(first, table("Start", row("help"), row("version", false)), titles);
  expect(both.match(/^## .*/gm)).toEqual(["## Start", "## Store"]);
  expect(rowsOf(both)).toEqual([
    "| help | 1 ms | other: 2 ms | 0.50 | <= 1 | met |",
    "| version | 1 ms | other: 2 ms | 0.50 | <= 1 | **missed** |",
    "| put | 1 ms | other: 2 ms | 0.50 | <= 1 | met |",
  ]);
  const again = updatedPage(both, table("Start", row("help")), titles);
  expect(rowsOf(again)).toHaveLength(2);
  expect(updatedPage(again, new Map(), titles)).toBe(again);
});

test("tables of groups that are no more go", () => {
  const page = updatedPage("", table("Store", row("put")), titles);
  expect(updatedPage(page, new Map(), ["Start"])).not.toContain("put");
});
