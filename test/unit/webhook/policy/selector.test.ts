import { describe, expect, it } from "vitest";
import type { LabelSelector } from "#webhook/api/types";
import { selectorTest } from "#webhook/policy/selector";

const expression = (
  key: string,
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist",
  ...values: string[]
): LabelSelector => ({ matchExpressions: [{ key, operator, ...(values[0] ? { values } : {}) }] });

describe("a label selector", () => {
  it.each<[string, LabelSelector | undefined, Record<string, string>, boolean]>([
    ["absent selects all", undefined, {}, true],
    ["empty selects all", {}, { a: "1" }, true],
    ["matchLabels needs the value", { matchLabels: { a: "1" } }, { a: "1", b: "2" }, true],
    ["matchLabels refuses another value", { matchLabels: { a: "1" } }, { a: "2" }, false],
    ["matchLabels refuses an absent label", { matchLabels: { a: "1" } }, {}, false],
    ["all of matchLabels count", { matchLabels: { a: "1", b: "2" } }, { a: "1" }, false],
    ["In takes one of its values", expression("a", "In", "1", "2"), { a: "2" }, true],
    ["In refuses an absent label", expression("a", "In", "1"), {}, false],
    ["NotIn refuses its values", expression("a", "NotIn", "1"), { a: "1" }, false],
    ["NotIn takes an absent label", expression("a", "NotIn", "1"), {}, true],
    ["Exists takes any value", expression("a", "Exists"), { a: "" }, true],
    ["Exists refuses an absent label", expression("a", "Exists"), {}, false],
    ["DoesNotExist takes an absent label", expression("a", "DoesNotExist"), { b: "1" }, true],
    ["DoesNotExist refuses a present one", expression("a", "DoesNotExist"), { a: "" }, false],
    ["no label is inherited by all objects", expression("constructor", "Exists"), {}, false],
    ["nor has one a value", { matchLabels: { toString: "x" } }, {}, false],
    [
      "labels and expressions must both agree",
      { matchLabels: { a: "1" }, ...expression("b", "Exists") },
      { a: "1" },
      false,
    ],
  ])("%s", (_title, selector, labels, expected) => {
    expect(selectorTest(selector)(labels)).toBe(expected);
  });
});
