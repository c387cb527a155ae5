import { expect, it } from "vitest";
import { storeStatus } from "#checkpoint/api/store-condition";
import { renderTable } from "#plugin/output/table";
import { storeList } from "#plugin/output/stores";
import { makeStore, now } from "#test/unit/checkpoint/controller/objects";

it("store list shows whether each store is ready, and why not", () => {
  const look = { by: "node-1", at: now };
  const told = (name: string, ready: boolean, reason: string) => {
    const store = makeStore(name);
    return { ...store, status: storeStatus(store, { ready, reason, message: "so" }, look) };
  };
  const stores = [told("a", true, "Checked"), told("b", false, "Denied"), makeStore("c")];
  const { table } = storeList(stores, now);
  const [header, ...rows] = renderTable(table!, false).split("\n");
  expect(header).toMatch(/^NAME +DEFAULT +READY +URL/);
  expect(rows.map((row) => row.split(/ {3,}/)[2])).toEqual(["yes", "no (Denied)", "unknown"]);
});
