import { expect, it } from "vitest";
import { loadDriver, type Registry } from "#core/registry";

const loaded: string[] = [];
const registry = {
  one: { title: "One", load: () => Promise.resolve(loaded.push("one")) },
  two: { title: "Two", load: () => Promise.resolve(loaded.push("two")) },
} satisfies Registry<number>;

it("loads the named driver and no other", async () => {
  await loadDriver(registry, "number", "two");
  expect(loaded).toEqual(["two"]);
});

it.each(["three", "toString", "__proto__"])(
  "does not know %s and names those it knows",
  async (name) => {
    await expect(loadDriver(registry, "number", name)).rejects.toMatchObject({
      code: "not-found",
      message: `unknown number "${name}"`,
      hint: expect.stringMatching(/one, two/) as string,
    });
  },
);
