import { expect, it } from "vitest";
import { reportStep, silent, type ReportEvent } from "#core/report";

it("a step that ends well is started and done, and gives its result", async () => {
  const events: ReportEvent[] = [];
  const step = { step: "join", title: "joining", host: "n1" };
  const result = await reportStep(
    (event) => events.push(event),
    step,
    () => Promise.resolve(7),
  );
  expect(result).toBe(7);
  expect(events).toEqual([
    { type: "step-started", ...step },
    { type: "step-done", ...step, milliseconds: expect.any(Number) as number },
  ]);
});

it("a step that fails says why and rejects with the same error", async () => {
  const events: ReportEvent[] = [];
  const error = new Error("no route");
  const work = reportStep(
    (event) => events.push(event),
    { step: "join", title: "joining" },
    () => Promise.reject(error),
  );
  await expect(work).rejects.toBe(error);
  expect(events.at(-1)).toMatchObject({ type: "step-failed", error: "no route" });
});

it("silent drops every event", () => {
  silent({ type: "note", level: "info", message: "x" });
});
