import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fill, isSafeName, isSafeSegment, placeholdersIn } from "#webhook/policy/placeholders";

describe("placeholders", () => {
  it("are filled in at any depth, and nothing else is changed", () => {
    const value = { a: ["home-{user}", 3, null], "{user}": { b: "/h/{handle}/{namespace}" } };
    expect(fill(value, { user: "u1", handle: "Al", namespace: "n" })).toEqual({
      a: ["home-u1", 3, null],
      "{user}": { b: "/h/Al/n" },
    });
  });

  it.each(["${user}", "{{user}}", "{ user }", "{User}", "{nobody}", "$(user)"])(
    "%s is somebody else's and stays",
    (text) => {
      expect(placeholdersIn(text).size).toBe(0);
      expect(fill(text, { user: "u1" })).toBe(text);
    },
  );

  it("are found where they are", () => {
    expect(
      [...placeholdersIn({ a: ["{slot}"], b: { c: "x{team}{organization}" } })].sort(),
    ).toEqual(["organization", "slot", "team"]);
  });

  it("a filled text holds no placeholder, whatever the user is called", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("{user}", "x", "/", "{", "}")), (pieces) => {
        const text = pieces.join("");
        const found = placeholdersIn(text).has("user");
        const filled = fill(text, { user: "u" });
        expect(found).toBe(filled !== text);
      }),
    );
  });
});

describe("N1: a uid is one safe segment of a path", () => {
  it.each(["alice", "a", "01hz9", "a-b-c", "a".repeat(63)])("%s is", (text) => {
    expect(isSafeName(text)).toBe(true);
    expect(isSafeSegment(text)).toBe(true);
  });

  it.each(["", ".", "..", "../bob", "a/b", "a\\b", "/a", "-a", "a-", "a b", "a\n", "a\0b", "é"])(
    "%j is not, nor is it a handle",
    (text) => {
      expect(isSafeName(text)).toBe(false);
      expect(isSafeSegment(text)).toBe(false);
    },
  );

  it("upper case, dots and underscores are for handles, 64 characters for neither", () => {
    expect([isSafeName("Al.i_ce"), isSafeSegment("Al.i_ce")]).toEqual([false, true]);
    expect([isSafeName("a".repeat(64)), isSafeSegment("a".repeat(64))]).toEqual([false, false]);
  });
});
