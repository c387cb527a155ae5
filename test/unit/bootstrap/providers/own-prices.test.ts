import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { costOf } from "#bootstrap/providers/aws/cost";
import { readOwnPrices } from "#bootstrap/providers/own-prices";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";

const spec = loadSpec({
  flags: {
    name: "dev",
    provider: "aws",
    workers: 2,
    settings: { region: "us-east-1", spot: true },
  },
  defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
});
const costBy = async (text: string) =>
  costOf({ spec, environment: {} }, wantedMachines(spec), await readOwnPrices(text, "prices.yaml"));

describe("a user's own prices", () => {
  test("win over the table and price what it does not know, by the names that a plan shows", async () => {
    const { parts, unknown, ownAsOf, currency } = await costBy(`
asOf: "2026-12-01"
perHour:
  t3.large in us-east-1: 0.05
  t3.large (spot) in us-east-1: 0.02
`);
    expect(parts.slice(0, 2)).toEqual([
      { what: "t3.large in us-east-1", count: 1, perHour: 0.05, own: true },
      { what: "t3.large (spot) in us-east-1", count: 2, perHour: 0.04, own: true },
    ]);
    expect(parts.find(({ what }) => what === "public address")).toEqual({
      ...{ what: "public address", count: 3, perHour: 0.015 },
    });
    expect({ unknown, ownAsOf, currency }).toEqual({
      ...{ unknown: [], ownAsOf: "2026-12-01", currency: "USD" },
    });
  });

  test("of the documentation's example are read", async () => {
    const page = await readFile("docs/cluster-document.md", "utf8");
    const example = /```\n(asOf: [^`]*)```/.exec(page)?.[1] ?? "";
    expect(Object.keys((await readOwnPrices(example, "prices.yaml")).perHour)).toHaveLength(4);
  });

  test("in another currency are not mixed with the table's", async () => {
    const { parts, unknown, perHour } = await costBy(
      'asOf: "2026-12-01"\ncurrency: EUR\nperHour: { t3.large in us-east-1: 0.05 }\n',
    );
    expect(parts).toHaveLength(1);
    expect(perHour).toBe(0.05);
    expect(unknown).toContain("public address");
  });

  test.each([
    ["perHour: { a: 1 }\n", "prices.yaml:1:1: asOf is missing"],
    ['asOf: "soon"\nperHour: { a: 1 }\n', 'prices.yaml:1:7: asOf "soon" is not a day'],
    [
      'asOf: "2026-12-01"\nperHour:\n  a: cheap\n',
      'prices.yaml:3:6: perHour.a must be a price of one hour, not "cheap"',
    ],
    ['asOf: "2026-12-01"\nperHour: {}\n', "prices.yaml:2:10: perHour has no price"],
    ['asOf: "2026-12-01"\ncurrency: euro\nperHour: { a: 1 }\n', "euro"],
    ['asOf: "2026-12-01"\nperhour: { a: 1 }\n', "perhour is not a known field"],
  ])("%j are refused with the place", async (text, message) => {
    await expect(readOwnPrices(text, "prices.yaml")).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });
});
