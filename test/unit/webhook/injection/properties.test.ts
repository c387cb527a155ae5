import fc from "fast-check";
import { expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import { inject } from "#webhook/injection/inject";
import type { Outcome } from "#webhook/injection/wish";
import { pods, wishLists } from "./arbitrary.ts";
import { checked, expectNothingMore } from "./law.ts";
import { meddled } from "./other-webhook.ts";

const runs = { numRuns: 1000 };
const timeout = 60_000;

it(
  "F5, F9, F10: every patch applies with two engines, adds no duplicate, loses nothing and leaves nothing for a second call",
  { timeout },
  () => {
    fc.assert(
      fc.property(pods(), wishLists, (pod, wishes) => {
        checked(pod, wishes);
      }),
      runs,
    );
  },
);

it(
  "F5: a second call has nothing to do after another webhook renamed, reordered and added",
  { timeout },
  () => {
    fc.assert(
      fc.property(pods({ single: true }), wishLists, fc.nat(), (pod, wishes, seed) => {
        const { refusal, after, outcomes } = checked(pod, wishes);
        // Renaming the volume that is in the way makes room for the wished one.
        fc.pre(!outcomes.some(isAboutName));
        // Who mounts a volume by its name relies on the name.
        const kept = wishes.flatMap(({ part }) => (part.kind === "mounts" ? part.mounts : []));
        const names = kept.map(({ name }) => name);
        if (refusal === undefined) expectNothingMore(meddled(after, seed, names), wishes);
      }),
      runs,
    );
  },
);

it(
  "F6: what is injected does not depend on the pod's name, nor on the order of its fields",
  { timeout },
  () => {
    fc.assert(
      fc.property(pods(), wishLists, (pod, wishes) => {
        const { name, ...nameless } = pod.metadata;
        const turned = reversed({ ...pod, metadata: { generateName: `${name}-`, ...nameless } });
        expect(inject(turned as Pod, wishes)).toEqual(inject(pod, wishes));
      }),
      { numRuns: 500 },
    );
  },
);

function isAboutName({ where, reason = "", result }: Outcome): boolean {
  return (where.startsWith("volumes/") && result === "kept") || reason.includes("volumes/");
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}
