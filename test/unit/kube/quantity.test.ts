import { describe, expect, it } from "vitest";
import { formatQuantity, parseQuantity } from "#kube/quantity";

describe("quantities", () => {
  it.each([
    ["100m", 0.1],
    ["2", 2],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["12e3", 12_000],
    ["5M", 5e6],
    ["3Ki", 3072],
  ])("%s is read", (text, amount) => {
    expect(parseQuantity(text)).toBeCloseTo(amount, 9);
  });

  it("are written so that nothing is lost", () => {
    expect(formatQuantity("cpu", 0.1)).toBe("100m");
    expect(formatQuantity("cpu", parseQuantity("1500m"))).toBe("1500m");
    expect(formatQuantity("memory", 2 ** 30)).toBe("1073741824");
    expect(parseQuantity("many")).toBeNaN();
  });
});
