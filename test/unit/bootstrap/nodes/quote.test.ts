import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quote } from "#bootstrap/nodes/quote";

test("a shell gives back every argument as it was, whatever it holds", () => {
  const word = fc.string({ unit: "binary", maxLength: 30 }).map((text) =>
    // No program can be given a NUL, and lone surrogates are no UTF-8.
    text.replaceAll("\0", "").toWellFormed(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const command = quote(["printf", "%s\\0", ...words, "end"]);
      const printed = execFileSync("/bin/sh", ["-c", command]).toString();
      expect(printed.split("\0").slice(0, -1)).toEqual([...words, "end"]);
    }),
    { numRuns: 60 },
  );
});

test("plain words stay readable", () => {
  expect(quote(["ip", "-j", "address", "10.0.0.1/24", "it's"])).toBe(
    `ip -j address 10.0.0.1/24 'it'\\''s'`,
  );
});
