import { describe, expect, it } from "vitest";
import {
  ClouderError,
  errorCodes,
  exitStatus,
  hasCode,
  isClouderError,
  messageOf,
  throwIfCancelled,
} from "#core/error";

it("is recognised by its brand, also when it comes from another copy of the module", () => {
  const other = Object.defineProperty(new Error("x"), Symbol.for("clouder.error"), { value: true });
  expect(isClouderError(new ClouderError("busy", "x"))).toBe(true);
  expect(isClouderError(other)).toBe(true);
  expect([new Error("x"), undefined, null, "x", {}].some(isClouderError)).toBe(false);
});

it("keeps code, hint, cause and details, and is not retryable unless told", () => {
  const cause = new Error("inner");
  const error = new ClouderError("no-space", "full", { hint: "clean", cause, details: { a: 1 } });
  expect(error).toMatchObject({
    name: "ClouderError",
    code: "no-space",
    hint: "clean",
    cause,
    retryable: false,
    details: { a: 1 },
  });
  expect("cause" in new ClouderError("busy", "x")).toBe(false);
});

describe("exit status", () => {
  it.each(errorCodes.map((code) => [code] as const))("of %s is one of the documented", (code) => {
    const wanted = { usage: 2, cancelled: 130, internal: 70 }[code as string] ?? 1;
    expect(exitStatus(new ClouderError(code, "x"))).toBe(wanted);
  });

  it("of anything that is no ClouderError is 70: a bug of ours", () => {
    expect(exitStatus(new TypeError("x"))).toBe(70);
    expect(exitStatus("x")).toBe(70);
  });
});

it("hasCode, messageOf and throwIfCancelled say what they mean", () => {
  const error = new ClouderError("denied", "no");
  expect(hasCode(error, "busy", "denied")).toBe(true);
  expect(hasCode(error, "busy")).toBe(false);
  expect([messageOf(error), messageOf("text")]).toEqual(["no", "text"]);
  const abort = new AbortController();
  throwIfCancelled(abort.signal);
  throwIfCancelled(undefined);
  abort.abort();
  expect(() => {
    throwIfCancelled(abort.signal);
  }).toThrow("cancelled");
});
