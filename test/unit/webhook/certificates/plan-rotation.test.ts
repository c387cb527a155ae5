import { describe, expect, it } from "vitest";
import { backdatedMs } from "#webhook/certificates/facts";
import {
  defaultRotation,
  planRotation,
  type RotationState,
} from "#webhook/certificates/plan-rotation";

const day = 24 * 3600_000;
const now = 1000 * day;
const { propagationMs, overlapMs, servingLifeMs, authorityLifeMs } = defaultRotation;

function facts(fingerprint: string, lifeMs: number, ageMs = 0) {
  const madeAt = now - ageMs;
  return { fingerprint, notBefore: madeAt - backdatedMs, notAfter: madeAt + lifeMs };
}

const authority = facts("new", authorityLifeMs);
const old = facts("old", authorityLifeMs, 250 * day);
const signedBy = (issuer: string, ageMs = 0) => ({
  ...facts("leaf", servingLifeMs, ageMs),
  fits: true,
  issuer,
});
const trusting = (...certificates: readonly (typeof authority)[]) => ({
  certificates,
  same: true,
});
const sound: RotationState = {
  authority,
  previous: [],
  serving: signedBy("new"),
  published: trusting(authority),
  publishedAt: now - day,
};
const plan = (state: Partial<RotationState>) =>
  planRotation(now, { ...sound, ...state }, defaultRotation);

describe("F3: the next step of a rotation", () => {
  it.each<[string, RotationState, object]>([
    ["nothing there", { previous: [] }, { do: "make-authority", keep: [] }],
    [
      "the authority's key lost while the configuration trusts it",
      { previous: [], serving: signedBy("old"), published: trusting(old) },
      { do: "make-authority", keep: ["old"] },
    ],
    [
      "the authority expired",
      { ...sound, authority: facts("new", -1), published: trusting(facts("new", -1)) },
      { do: "make-authority", keep: [] },
    ],
    [
      "not trusted yet",
      { ...sound, previous: [old], serving: signedBy("old"), published: trusting(old) },
      { do: "publish", trusted: ["new", "old"], anew: true },
    ],
    [
      "trusted by one of two webhooks",
      { ...sound, published: { certificates: [authority], same: false } },
      { do: "publish", trusted: ["new"], anew: true },
    ],
    [
      "a stranger trusted besides",
      { ...sound, published: trusting(authority, facts("stranger", day)) },
      { do: "publish", trusted: ["new"], anew: false },
    ],
    [
      "trusted, at an unknown time",
      { authority, previous: [], serving: signedBy("new"), published: trusting(authority) },
      { do: "note-published" },
    ],
    [
      "API servers have not had time to see the new authority",
      {
        ...sound,
        previous: [old],
        serving: signedBy("old"),
        published: trusting(authority, old),
        publishedAt: now - 1000,
      },
      { do: "rest", until: now - 1000 + propagationMs },
    ],
    [
      "they have had it",
      {
        ...sound,
        previous: [old],
        serving: signedBy("old"),
        published: trusting(authority, old),
        publishedAt: now - propagationMs,
      },
      { do: "issue" },
    ],
    [
      "the old authority has just gone out of use",
      { ...sound, previous: [old], published: trusting(authority, old) },
      { do: "rest", until: now + overlapMs },
    ],
    [
      "it went out of use long ago",
      {
        ...sound,
        previous: [old],
        published: trusting(authority, old),
        serving: signedBy("new", overlapMs),
      },
      { do: "drop" },
    ],
    ["no configuration, so nobody calls", { authority, previous: [] }, { do: "issue" }],
  ])("%s", (_name, state, step) => {
    expect(planRotation(now, state, defaultRotation)).toMatchObject(step);
  });

  it.each<[string, Partial<RotationState>]>([
    ["there is none", { serving: undefined as never }],
    ["it lacks a name or its key", { serving: { ...signedBy("new"), fits: false } }],
    ["it has expired", { serving: { ...signedBy("new"), notAfter: now } }],
    ["a stranger signed it", { serving: facts("leaf", day) as never }],
    ["a third of its life is left", { serving: signedBy("new", 20.1 * day) }],
  ])("issues a serving certificate at once when %s", (_name, state) => {
    expect(plan(state)).toMatchObject({ do: "issue" });
  });

  it("renews the authority with a third of its life left, or when asked, but never two at a time", () => {
    const aged = facts("new", authorityLifeMs, 244 * day);
    const due = { authority: aged, published: trusting(aged) };
    expect(plan(due)).toMatchObject({ do: "make-authority", keep: ["new"] });
    expect(plan({ rotateAt: now })).toMatchObject({ do: "make-authority", keep: ["new"] });
    expect(plan({ rotateAt: now + 5 })).toMatchObject({ do: "rest", until: now + 5 });
    const under = { previous: [old], published: trusting(authority, old) };
    expect(plan({ ...under, rotateAt: now })).toMatchObject({ do: "rest" });
  });

  it("rests until the next renewal", () => {
    const until = servingLifeMs - (servingLifeMs + backdatedMs) / 3;
    expect(plan({})).toMatchObject({ do: "rest", until: now + until });
  });
});
