import { expect, it } from "vitest";
import { lineDiff } from "#plugin/output/diff";

const lines = (...all: readonly string[]) => all.join("\n");

it("shows changes with what is around them, and leaves out the rest", () => {
  const before = lines("a", "b", "c", "d", "e", "f", "g", "h", "i");
  expect(lineDiff(before, before.replace("b", "B").replace("i", "i\nj"), 1)).toBe(
    lines("  a", "- b", "+ B", "  c", "  …", "  i", "+ j"),
  );
});

it("of equal texts is empty", () => {
  expect(lineDiff("a\nb\n", "a\nb\n")).toBe("");
});

it("of an insertion is that insertion, not a replacement of all that follows", () => {
  expect(lineDiff("a\nz", "a\nx\ny\nz", 0)).toBe(lines("+ x", "+ y"));
});
