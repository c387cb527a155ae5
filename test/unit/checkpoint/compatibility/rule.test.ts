import { describe, expect, it } from "vitest";
import { compatibilityOf, criuProblem, incompatibility } from "#checkpoint/compatibility/rule";
import { makeFacts } from "#test/unit/checkpoint/controller/objects";

const source = compatibilityOf(makeFacts("node-1", { kernel: "6.12.0", criuVersion: "4.1" }));

describe("where a checkpoint can go on", () => {
  it("is every node like its own, and one with more of everything", () => {
    expect(incompatibility(source, makeFacts("node-1"))).toBeUndefined();
    const richer = makeFacts("node-2", {
      cpuFeatures: ["avx", "avx2", "sse4_2"],
      kernel: "6.18.0",
      criuVersion: "4.2",
    });
    expect(incompatibility(source, richer)).toBeUndefined();
  });

  it.each([
    [{ architecture: "arm64" }, /architecture is arm64, the checkpoint needs amd64/],
    [{ cpuFeatures: [] }, /the CPU lacks avx, sse4_2/],
    [{ cgroupVersion: 2 as const }, /cgroup version is 2, the checkpoint needs 1/],
    [{ kernel: "6.18.0", criuVersion: "4.1" }, /CRIU 4.1 does not work on kernel 6.18.0/],
    [{ kernel: "6.12.0", criuVersion: "4.0" }, /CRIU 4.0 is older than the 4.1/],
  ])("is no node with %o", (over, wanted) => {
    expect(incompatibility(source, makeFacts("node-2", over))).toMatch(wanted);
  });

  it("names five lacking features and counts the others", () => {
    const cpuFeatures = ["a", "b", "c", "d", "e", "f", "g"];
    const needs = compatibilityOf(makeFacts("node-1", { cpuFeatures }));
    expect(incompatibility(needs, makeFacts("node-2", { cpuFeatures: [] }))).toBe(
      "the CPU lacks a, b, c, d, e and 2 more",
    );
  });
});

describe("CRIU on a kernel", () => {
  it.each([
    [undefined, "6.1.0", /not installed/],
    ["3.15", "6.1.0", /older than 3.16/],
    ["4.1", "6.16.0", /does not work on kernel 6.16.0/],
    ["3.17", "6.1.0", undefined],
    ["4.2", "7.0.1", undefined],
  ])("%s on %s", (criu, kernel, wanted) => {
    const problem = criuProblem(criu, kernel);
    if (wanted === undefined) expect(problem).toBeUndefined();
    else {
      expect(problem?.message).toMatch(wanted);
      expect(problem?.cure).toContain("criu 4.2");
    }
  });
});
