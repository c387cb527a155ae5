import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  everyAction,
  everyChange,
  killing,
  kindsOf,
  type Loss,
  type Sampling,
} from "./aws-killing.ts";
import { startAwsWorld, type AwsWorld } from "./aws-world.ts";

let world: AwsWorld;
let kill: ReturnType<typeof killing>;
beforeAll(async () => {
  world = await startAwsWorld();
  kill = killing(world);
});
beforeEach(() => world.reset());
afterAll(() => world.close());

/**
 * A lost answer is the hard case: the thing is there and nobody knows its id. What was never sent is
 * an ordinary failure, so that one call of each action stands for all.
 */
test.each<[Loss, string, Sampling, number]>([
  ["answer-lost", "every change", everyChange, 45],
  ["not-sent", "a change of every kind", everyAction, 20],
])(
  "C1 C2 C4 killed (%s) at %s it ends the same, nothing twice, and is deleted to the last",
  async (loss, _what, sample, least) => {
    const wish = { workers: 2 };
    const whole = await world.context(wish);
    await kill.ensure(whole);
    const wanted = kindsOf(await world.tagged("dev"));
    await world.reset();
    const context = await world.context(wish);
    const made = await kill.killedAtEvery(sample, context, loss, kill.ensure);
    expect(made.length).toBeGreaterThan(least);
    expect(new Set(made)).toContain("RunInstances");
    expect(kindsOf(await world.tagged("dev"))).toEqual(wanted);
    const removed = await kill.killedAtEvery(sample, context, loss, kill.remove);
    expect(new Set(removed)).toContain("DeleteVpc");
    expect((await kill.remove(context)).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  },
  300_000,
);
