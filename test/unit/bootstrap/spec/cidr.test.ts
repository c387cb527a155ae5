import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, overlap, parseAddress, parseNetwork } from "#bootstrap/spec/cidr";

test("an address that is written can be read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
      expect(parseAddress(formatAddress(number))).toBe(number);
    }),
  );
});

test.each(["10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.1/24", "a.b.c.d/8", "10.0.0.0/-1", ""])(
  "%j is no network",
  (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  },
);

test("networks overlap when one holds the other, in either order", () => {
  const network = (text: string) => parseNetwork(text)!;
  expect(overlap(network("10.0.0.0/8"), network("10.96.0.0/12"))).toBe(true);
  expect(overlap(network("10.96.0.0/12"), network("10.0.0.0/8"))).toBe(true);
  expect(overlap(network("10.244.0.0/16"), network("10.245.0.0/16"))).toBe(false);
  expect(overlap(network("0.0.0.0/0"), network("192.168.0.0/24"))).toBe(true);
});
