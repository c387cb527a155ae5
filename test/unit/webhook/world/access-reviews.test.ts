import { describe, expect, it } from "vitest";
import type { Creator } from "#webhook/policy/request";
import { createAccessReviews } from "#webhook/world/access-reviews";
import { createFakeKube } from "#test/fakes/kube";
import { createManualClock } from "#test/fakes/manual-clock";

const alice: Creator = { username: "alice", uid: "7", groups: ["staff"], extra: { s: ["x"] } };

function reviews(answer: (body: string) => { status: number; body: string }) {
  const kube = createFakeKube();
  const bodies: string[] = [];
  kube.answerRaw = (_method, path, body = "") => {
    bodies.push(`${path} ${body}`);
    return answer(body);
  };
  const clock = createManualClock();
  return { bodies, clock, kube, ...createAccessReviews({ kube, clock }) };
}
const says = (allowed: boolean, denied = false) => ({
  status: 201,
  body: JSON.stringify({ status: { allowed, denied } }),
});

describe("a creator's right to use a user", () => {
  it("is asked for as this creator, about this user in this namespace", async () => {
    const { mayUse, bodies } = reviews(() => says(true));
    expect(await mayUse(alice, "runtimes", "u1")).toBe(true);
    const [path = "", body = ""] = bodies[0]!.split(/ (.*)/s);
    expect(path).toBe("/apis/authorization.k8s.io/v1/subjectaccessreviews");
    expect((JSON.parse(body) as { spec: object }).spec).toEqual({
      user: "alice",
      uid: "7",
      groups: ["staff"],
      extra: { s: ["x"] },
      resourceAttributes: {
        group: "clouder.datalayer.io",
        resource: "injectionusers",
        verb: "use",
        namespace: "runtimes",
        name: "u1",
      },
    });
  });

  it("is remembered for 10 s when given and 5 s when not", async () => {
    for (const [allowed, seconds] of [
      [true, 10],
      [false, 5],
    ] as const) {
      const { mayUse, asked, clock } = reviews(() => says(allowed));
      expect(await mayUse(alice, "n", "u")).toBe(allowed);
      await clock.advance(seconds * 1000 - 1);
      // At once, without a promise.
      expect(mayUse(alice, "n", "u")).toBe(allowed);
      expect(asked()).toBe(1);
      await clock.advance(1);
      await mayUse(alice, "n", "u");
      expect(asked()).toBe(2);
    }
  });

  it("is asked for once by many pods at a time, and anew for every other question", async () => {
    const { mayUse, asked } = reviews(() => says(true));
    await Promise.all([1, 2, 3].map(async () => mayUse(alice, "n", "u")));
    expect(asked()).toBe(1);
    await mayUse(alice, "n", "other");
    await mayUse(alice, "other", "u");
    await mayUse({ ...alice, username: "bob" }, "n", "u");
    await mayUse({ ...alice, groups: [] }, "n", "u");
    await mayUse({ ...alice, extra: { s: ["y"] } }, "n", "u");
    expect(asked()).toBe(6);
  });

  it("is not given by an answer that also denies, or says nothing", async () => {
    expect(await reviews(() => says(true, true)).mayUse(alice, "n", "u")).toBe(false);
    const { mayUse } = reviews(() => ({ status: 201, body: "{}" }));
    expect(await mayUse(alice, "n", "u")).toBe(false);
  });

  it("is nobody's guess when the API server fails or is silent: the question is rejected and not remembered", async () => {
    let status = 503;
    const { mayUse, asked, clock, kube } = reviews(() => ({ ...says(true), status }));
    await expect(mayUse(alice, "n", "u")).rejects.toMatchObject({ retryable: true });
    status = 403;
    await expect(mayUse(alice, "n", "u")).rejects.toMatchObject({ retryable: false });
    status = 201;
    expect(await mayUse(alice, "n", "u")).toBe(true);
    expect(asked()).toBe(3);
    kube.raw = () => new Promise(() => undefined);
    const failed = expect(mayUse(alice, "n", "slow")).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(2_500);
    await failed;
  });

  it("F21: remembers no more than some thousand answers", async () => {
    const { mayUse, asked } = reviews(() => says(true));
    for (let index = 0; index < 5_001; index += 1) await mayUse(alice, "n", `u${index}`);
    await mayUse(alice, "n", "u5000");
    expect(asked()).toBe(5_001);
    await mayUse(alice, "n", "u0");
    expect(asked()).toBe(5_002);
  });
});
