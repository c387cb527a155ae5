import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { everyAction, killing, kindsOf } from "./aws-killing.ts";
import { startAwsWorld, type AwsWorld, type ClusterWish } from "./aws-world.ts";

/** Kills while AWS shows new things late: what was made may not be found by the next run's first looks. */

let world: AwsWorld;
let kill: ReturnType<typeof killing>;
beforeAll(async () => {
  world = await startAwsWorld();
  kill = killing(world);
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const onePlane: ClusterWish = { workers: 2 };
const privatePlanes: ClusterWish = { planes: 3, workers: 1, settings: { private: true } };

test("C1 C2 C4 three private control planes, killed at a change of every kind, end the same, nothing twice, and are deleted to the last", async () => {
  const whole = await world.context(privatePlanes);
  await kill.ensure(whole);
  const wanted = kindsOf(await world.tagged("dev"));
  await world.reset();
  world.faults.lateLooks = 2;
  const context = await world.context(privatePlanes);
  const made = await kill.killedAtEvery(everyAction, context, "answer-lost", kill.ensure);
  expect(made).toEqual(expect.arrayContaining(["RunInstances", "CreateNatGateway"]));
  expect(kindsOf(await world.tagged("dev"))).toEqual(wanted);
  const removed = await kill.killedAtEvery(everyAction, context, "answer-lost", kill.remove);
  expect(new Set(removed)).toContain("DeleteVpc");
  expect((await kill.remove(context)).left).toEqual([]);
  expect(await world.tagged("dev")).toEqual([]);
}, 300_000);

test.each([
  [1, onePlane],
  [14, onePlane],
  [35, onePlane],
  [6, privatePlanes],
  [25, privatePlanes],
  [39, privatePlanes],
] as const)(
  "C2 C4 killed at its change %i, whose things are found late, a create leaves nothing after a delete",
  async (change, wish) => {
    world.faults.lateLooks = 3;
    const context = await world.context(wish);
    let left = change;
    const nth = () => (left -= 1) === 0;
    expect(await kill.killed(context, "answer-lost", nth, kill.ensure)).toBeDefined();
    expect((await kill.remove(context)).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  },
  60_000,
);
