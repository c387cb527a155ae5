import { expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { withKnown } from "#webhook/policy/known";
import type { InjectionWorld } from "#webhook/policy/request";
import { alice, world } from "#test/unit/webhook/policy/scene";

const cached: InjectionWorld = {
  ...world(),
  namespaceLabels: () => ({ a: "b" }),
  serviceAccountLabels: () => ({}),
  mayUse: () => true,
};

it("gives what is known at once, without a promise", () => {
  expect(withKnown(cached, (known) => known.namespaceLabels("n"))).toEqual({ a: "b" });
  expect(withKnown(cached, (known) => known.mayUse(alice, "n", "u"))).toBe(true);
});

it("waits for what has to be asked, once for each question, in their order", async () => {
  const asked: string[] = [];
  const asking: InjectionWorld = {
    ...cached,
    namespaceLabels: (name) => {
      asked.push(name);
      return Promise.resolve({ of: name });
    },
    mayUse: (_creator, _namespace, user) => {
      asked.push(user);
      return Promise.resolve(user === "u");
    },
  };
  const answer = withKnown(asking, (known) => [
    known.namespaceLabels("n"),
    known.mayUse(alice, "n", "u"),
    known.namespaceLabels("n"),
    known.mayUse(alice, "n", "v"),
  ]);
  expect(await answer).toEqual([{ of: "n" }, true, { of: "n" }, false]);
  expect(asked).toEqual(["n", "u", "v"]);
});

it("a question that fails throws where it was asked", async () => {
  const failure = new ClouderError("unreachable", "no answer");
  const failing: InjectionWorld = { ...cached, namespaceLabels: () => Promise.reject(failure) };
  const caught = withKnown(failing, (known) => {
    if (!known.mayUse(alice, "n", "u")) return "refused";
    return known.namespaceLabels("n")["a"] ?? "none";
  });
  await expect(caught).rejects.toBe(failure);
});

it("a fault of the attempt itself is not tried again", () => {
  let attempts = 0;
  const attempt = () => {
    attempts += 1;
    throw new Error("fault");
  };
  expect(() => withKnown(cached, attempt)).toThrow("fault");
  expect(attempts).toBe(1);
});
