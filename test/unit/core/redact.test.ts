import { expect, it } from "vitest";
import { createRedactor, printable } from "#core/redact";

it("replaces every registered secret wherever it occurs, short words excepted", () => {
  const { hide, redact } = createRedactor();
  hide("s3cr$t.*");
  hide("abc");
  expect(redact("key s3cr$t.* and s3cr$t.*, abc")).toBe("key [redacted] and [redacted], abc");
});

it("makes what drives a terminal visible and leaves the rest alone", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["plain ä 名 🙂\tand\nlines", "plain ä 名 🙂\tand\nlines"],
    ["\u001b[31mred", "\\u001b[31mred"],
    ["a\rb\bc\u0000", "a\\u000db\\u0008c\\u0000"],
    ["\u009b2J", "\\u009b2J"],
    ["evil\u202egpj.exe", "evil\\u202egpj.exe"],
  ];
  for (const [text, shown] of cases) expect(printable(text)).toBe(shown);
});
