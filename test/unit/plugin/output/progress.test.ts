import { expect, it } from "vitest";
import { createProgress, type ProgressMode } from "#plugin/output/progress";

function recorded(mode: ProgressMode, isTTY = false, verbose = false) {
  let text = "";
  let now = 0;
  const stream = { isTTY, columns: 60, write: (more: string) => (text += more) };
  const progress = createProgress(mode, stream, { verbose, now: () => now });
  return {
    ...progress,
    text: () => text,
    at: (milliseconds: number) => (now = milliseconds),
  };
}

const step = { step: "upload", title: "storing" };
const bytesDone = (done: number, total?: number) =>
  ({
    type: "step-progress",
    step: "upload",
    done,
    unit: "bytes",
    ...(total ? { total } : {}),
  }) as const;

it("lines: each step's begin and end, progress every ten seconds and at the end", () => {
  const { report, text, at } = recorded("plain");
  report({ type: "step-started", ...step });
  report(bytesDone(1024, 10_240));
  at(4000);
  report(bytesDone(2048, 10_240));
  at(11_000);
  report(bytesDone(5120, 10_240));
  report(bytesDone(10_240, 10_240));
  report({ type: "step-done", ...step, milliseconds: 12_000 });
  expect(text()).toBe(
    [
      "◌ storing",
      "  upload: 5Ki of 10Ki (50 %)",
      "  upload: 10Ki of 10Ki (100 %)",
      "✓ storing (12 s)",
      "",
    ].join("\n"),
  );
});

it("lines: skipped and failed steps, hosts, warnings; debug notes only when asked for", () => {
  const shown = (verbose: boolean) => {
    const { report, text } = recorded("auto", false, verbose);
    report({
      type: "step-skipped",
      step: "a",
      title: "kernel",
      host: "n1",
      reason: "done already",
    });
    report({ type: "step-failed", step: "b", title: "join", error: "no \u001b[2Jroute" });
    report({ type: "note", level: "warn", message: "careful" });
    report({ type: "note", level: "debug", message: "detail" });
    return text().split("\n");
  };
  expect(shown(false)).toEqual([
    "- n1: kernel: done already",
    "✗ join: no \\u001b[2Jroute",
    "warning: careful",
    "",
  ]);
  expect(shown(true)).toContain("detail");
});

it("JSON: one object a line", () => {
  const { report, text } = recorded("json");
  report({ type: "step-started", ...step });
  report(bytesDone(1, 2));
  expect(
    text()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: "step-started", ...step },
    { type: "step-progress", step: "upload", done: 1, total: 2, unit: "bytes" },
  ]);
});

it("none: nothing", () => {
  const { report, text, stop } = recorded("none");
  report({ type: "step-started", ...step });
  stop();
  expect(text()).toBe("");
});

it("terminal: a bar with bytes, rate and time left, never wider than the window, gone at the end", async () => {
  const { report, text, at, stop } = recorded("auto", true);
  report({ type: "step-started", ...step });
  at(2000);
  report(bytesDone(512 * 1024, 1024 * 1024));
  await new Promise((resolve) => setTimeout(resolve, 150));
  const frames = text().split("\r\u001b[2K");
  const last = frames.at(-1) ?? "";
  expect(last).toContain("[██████████··········] 512Ki of 1Mi (50 %)");
  expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(60);
  report({ type: "step-done", ...step, milliseconds: 4000 });
  expect(text().endsWith("\r\u001b[2K✓ storing (4 s)\n")).toBe(true);
  stop();
});

it("terminal: stopping in the middle leaves a clean line", () => {
  const { report, text, stop } = recorded("auto", true);
  report({ type: "step-started", ...step });
  stop();
  expect(text().endsWith("\r\u001b[2K")).toBe(true);
});

it("lines tell how many machines have a step behind them and how far the whole is", () => {
  const { report, text } = recorded("plain");
  const totals = { hosts: { done: 2, total: 3 }, steps: { done: 31, total: 58 } };
  report({ type: "step-done", ...step, host: "lab-node-1", milliseconds: 10, totals });
  report({ type: "step-skipped", ...step, reason: "is there", totals: { steps: { done: 1 } } });
  expect(text()).toBe(
    "✓ lab-node-1: storing (10 ms) [2 of 3 machines, step 31 of 58]\n- storing: is there\n",
  );
});

it("json has every event with its totals, one a line", () => {
  const { report, text } = recorded("json");
  const event = {
    ...{ type: "step-done" as const, ...step, host: "lab-node-1", milliseconds: 10 },
    totals: { hosts: { done: 1, total: 2 }, steps: { done: 3, total: 9 } },
  };
  report(event);
  expect(JSON.parse(text())).toEqual(event);
});
