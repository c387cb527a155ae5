import { describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { describe as describeLines } from "#plugin/output/describe";
import { renderError, renderErrorJson } from "#plugin/output/errors";
import { renderResult } from "#plugin/output/print";
import { table } from "#plugin/output/result";
import { age, bytes, duration } from "#plugin/output/units";

const rows = [
  { name: "a", size: 1, node: "n1" },
  { name: "longer", size: undefined, node: "n2" },
];
const result = {
  object: { items: rows },
  table: table(rows, [
    { title: "name", value: (row) => row.name },
    { title: "size", value: (row) => row.size },
    { title: "node", wide: true, value: (row) => row.node },
  ]),
  names: ["kind/a", "kind/longer"],
};

describe("a result is shown", () => {
  it("as a table, absent values as a dash, wide columns only with -o wide", async () => {
    expect((await renderResult(result, "table")).stdout).toBe(
      "NAME     SIZE\na        1\nlonger   -\n",
    );
    expect((await renderResult(result, "wide")).stdout).toContain("NODE\n");
  });

  it("as JSON, YAML and names", async () => {
    expect(JSON.parse((await renderResult(result, "json")).stdout)).toEqual({
      items: [
        { name: "a", size: 1, node: "n1" },
        { name: "longer", node: "n2" },
      ],
    });
    expect((await renderResult(result, "yaml")).stdout).toContain("- name: a\n");
    expect((await renderResult(result, "name")).stdout).toBe("kind/a\nkind/longer\n");
  });

  it("several objects as YAML documents that kubectl apply takes", async () => {
    const objects = { object: [{ kind: "A" }, { kind: "B" }] };
    expect((await renderResult(objects, "yaml")).stdout).toBe("---\nkind: A\n---\nkind: B\n");
  });

  it("an empty list as a remark on standard error, so that pipes stay empty", async () => {
    const none = { object: [], table: table([], [], "nothing found") };
    expect(await renderResult(none, "table")).toEqual({ stdout: "", stderr: "nothing found\n" });
    expect((await renderResult(none, "json")).stdout).toBe("[]\n");
  });

  it("with control characters made visible: a pod's name cannot drive the terminal", async () => {
    const evil = {
      object: {},
      table: table(["\u001b[2Jx\ny"], [{ title: "n", value: (one) => one }]),
    };
    expect((await renderResult(evil, "table")).stdout).toBe("N\n\\u001b[2Jx y\n");
  });
});

describe("an error is shown", () => {
  const error = new ClouderError("criu", "dump of main failed", {
    hint: "close it",
    cause: new Error("exit status 1", { cause: new Error("EPERM") }),
    details: { logLines: ["Error: \u001b[31mred"] },
  });

  it("with code, causes, decisive lines and cure, escaped", () => {
    expect(renderError(error)).toBe(
      [
        "error: dump of main failed (criu)",
        "  because: exit status 1",
        "  because: EPERM",
        "  | Error: \\u001b[31mred",
        "  cure: close it",
        "",
      ].join("\n"),
    );
  });

  it("as one JSON object for machines", () => {
    expect(JSON.parse(renderErrorJson(error))).toEqual({
      error: {
        code: "criu",
        message: "dump of main failed",
        hint: "close it",
        retryable: false,
        causes: ["exit status 1", "EPERM"],
        details: { logLines: ["Error: \u001b[31mred"] },
      },
    });
  });

  it("as a bug to report when it is none of ours", () => {
    const text = renderError(new TypeError("x is undefined"));
    expect(text).toContain("x is undefined (internal)");
    expect(text).toContain("output.test.ts");
    expect(text).toContain("report");
    expect(JSON.parse(renderErrorJson("thrown text"))).toMatchObject({
      error: { code: "internal" },
    });
  });
});

it("sizes, times and ages read as people say them", () => {
  expect([0, 1023, 1024, 1536, 123 << 20, 5 * 2 ** 30].map(bytes)).toEqual([
    "0B",
    "1023B",
    "1Ki",
    "1.5Ki",
    "123Mi",
    "5Gi",
  ]);
  expect([0, 999, 1000, 59_940, 61_000, 3_661_000].map(duration)).toEqual([
    "0 ms",
    "999 ms",
    "1 s",
    "59.9 s",
    "1m1s",
    "1h1m",
  ]);
  const now = Date.parse("2026-01-03T00:00:00Z");
  expect(
    ["2026-01-02T23:59:30Z", "2026-01-02T22:30:00Z", "2026-01-01T00:00:00Z", undefined].map(
      (since) => age(since, now),
    ),
  ).toEqual(["30s", "90m", "2d", undefined]);
});

it("descriptions leave out what is absent and align the rest", () => {
  expect(
    describeLines([
      ["id", "x"],
      ["none", undefined],
      ["longer name", "y"],
    ]),
  ).toBe("id:          x\nlonger name: y");
});
