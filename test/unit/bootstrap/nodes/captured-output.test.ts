import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { captureOutput, tookTooLong } from "#bootstrap/nodes/captured-output";

describe("what a command writes", () => {
  it("is kept by stream and told line by line, a last one without an end too", async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const lines: string[] = [];
    const output = captureOutput({ stdout, stderr }, { onLine: (line) => lines.push(line) });
    stdout.end("one\ntw");
    await new Promise((resolve) => stdout.once("end", resolve));
    stderr.end("o\nthree");
    await new Promise((resolve) => stderr.once("end", resolve));
    expect(output.end(3)).toEqual({ status: 3, stdout: "one\ntw", stderr: "o\nthree" });
    expect(lines).toEqual(["one", "two", "three"]);
  });

  it("too late is a timeout that names the machine and the time", () => {
    expect(tookTooLong("kubeadm", "node-1", { timeoutMs: 5000 })).toMatchObject({
      code: "timeout",
      message: "kubeadm on node-1 took too long",
      details: { host: "node-1", milliseconds: 5000 },
    });
  });
});
