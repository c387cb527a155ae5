import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { AwsCall } from "#test/lab/aws-faults";
import { startAwsWorld, type AwsWorld, type ClusterWish } from "./aws-world.ts";

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

type Loss = "answer-lost" | "not-sent";

const looks = /^(Describe|Get|List)/;
const isChange = ({ action }: AwsCall): boolean => !looks.test(action);
/** Kinds and how many of each: ids differ from run to run. */
const kindsOf = (things: readonly string[]): readonly string[] =>
  things.map((one) => one.split(" ")[0] ?? "");

const ensure = (context: ProviderContext) =>
  world.provider.ensure(context, wantedMachines(context.spec));
const remove = (context: ProviderContext) => world.provider.remove(context, "all");

/** Runs `work` until a change that `fits`; then the program is gone: no answer, and no call after it. */
async function killed(
  context: ProviderContext,
  loss: Loss,
  fits: (call: AwsCall) => boolean,
  work: (context: ProviderContext) => Promise<unknown>,
): Promise<AwsCall | undefined> {
  const killer = new AbortController();
  let last: AwsCall | undefined;
  world.faults.rule = (call) => {
    if (last) return { kind: "not-sent" };
    if (!isChange(call) || !fits(call)) return undefined;
    last = call;
    // The abort comes while the call is under way, as a signal does.
    setImmediate(() => {
      killer.abort(new Error("killed"));
    });
    return { kind: loss };
  };
  await work({ ...context, signal: killer.signal }).catch((error: unknown) => {
    if (!last) throw error;
  });
  world.faults.rule = () => undefined;
  return last;
}

/** Kills a run at every change there is, each in a run of its own that goes on where the last one died. */
async function killedAtEveryChange(
  context: ProviderContext,
  loss: Loss,
  work: (context: ProviderContext) => Promise<unknown>,
): Promise<readonly string[]> {
  const died = new Map<string, string>();
  for (;;) {
    const call = await killed(context, loss, (one) => !died.has(one.parameters.toString()), work);
    if (!call) return [...died.values()];
    died.set(call.parameters.toString(), call.action);
    if (died.size > 300) throw new Error(`no end: ${[...died.values()].join(" ")}`);
  }
}

const onePlane: ClusterWish = { workers: 2 };
const privatePlanes: ClusterWish = { planes: 3, workers: 1, settings: { private: true } };

test.each<[string, Loss, number, ClusterWish]>([
  ["one control plane", "answer-lost", 0, onePlane],
  ["one control plane", "not-sent", 0, onePlane],
  ["three private control planes", "answer-lost", 2, privatePlanes],
])(
  "C1 C2 C4 %s: killed at every change (%s, new things found after %i looks) it ends the same, nothing twice, and is deleted to the last",
  async (_what, loss, lateLooks, wish) => {
    const whole = await world.context(wish);
    await ensure(whole);
    const wanted = kindsOf(await world.tagged("dev"));
    await world.reset();
    world.faults.lateLooks = lateLooks;
    const context = await world.context(wish);
    const made = await killedAtEveryChange(context, loss, ensure);
    expect(made.length).toBeGreaterThan(30);
    expect(new Set(made)).toContain("RunInstances");
    expect(kindsOf(await world.tagged("dev"))).toEqual(wanted);
    const removed = await killedAtEveryChange(context, loss, remove);
    expect(new Set(removed)).toContain("DeleteVpc");
    expect((await remove(context)).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  },
  300_000,
);

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
    expect(await killed(context, "answer-lost", nth, ensure)).toBeDefined();
    expect((await remove(context)).left).toEqual([]);
    expect(await world.tagged("dev")).toEqual([]);
  },
  60_000,
);
