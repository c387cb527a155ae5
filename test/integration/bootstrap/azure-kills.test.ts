import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProviderContext } from "#bootstrap/providers/provider";
import { armEnvironment, type ArmCall } from "#test/lab/arm/arm";
import { startAzureWorld, type AzureWorld, type ClusterWish } from "./azure-world.ts";

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

type Loss = "answer-lost" | "not-sent";

const isChange = ({ method }: ArmCall): boolean => method !== "GET";
/** What a call does to what: the same in every run. */
const nameOf = ({ method, path }: ArmCall): string => `${method} ${path.toLowerCase()}`;
/** The same for all things of a kind: every second machine dies as the first did. */
const kindOf = ({ method, path }: ArmCall): string =>
  `${method} ${path.toLowerCase().split("/").at(-2) ?? ""}`;

const remove = (context: ProviderContext) => world.provider.remove(context, "all");

/** Names of all things but role assignments', which hold the cluster's uid. */
const shown = (): readonly string[] =>
  world.everything().map((one) => one.replace(/^(roleAssignments) .*/, "$1"));

/** Runs `work` until a change that `fits`; then the program is gone: no answer, and no call after it. */
async function lost(
  context: ProviderContext,
  loss: Loss,
  fits: (call: ArmCall) => boolean,
  work: (context: ProviderContext) => Promise<unknown>,
): Promise<ArmCall | undefined> {
  const killer = new AbortController();
  let last: ArmCall | undefined;
  world.arm.rule = (call) => {
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
  world.arm.rule = () => undefined;
  return last;
}

/** Ends a run at every change there is, each in a run that goes on where the last one died. */
async function lostAtEveryChange(
  context: ProviderContext,
  loss: Loss,
  work: (context: ProviderContext) => Promise<unknown>,
): Promise<readonly string[]> {
  const died = new Set<string>();
  for (;;) {
    const call = await lost(context, loss, (one) => !died.has(nameOf(one)), work);
    if (!call) return [...died];
    died.add(nameOf(call));
    if (died.size > 300) throw new Error(`no end: ${[...died].join(" ")}`);
  }
}

const onePlane: ClusterWish = { workers: 2 };
const privatePlanes: ClusterWish = { planes: 3, workers: 1, settings: { private: true } };
const zoneless: ClusterWish = { workers: 1, settings: { region: "northcentralus" } };

test.each<[string, Loss, number, ClusterWish, number]>([
  ["one control plane", "answer-lost", 1, onePlane, 16],
  ["one control plane", "not-sent", 1, onePlane, 16],
  ["three private control planes, a slow Azure", "answer-lost", 6, privatePlanes, 22],
  ["a region without zones", "answer-lost", 3, zoneless, 14],
])(
  "B1 B3 %s: lost at every change (%s, operations of %i looks) it ends the same, nothing twice, and is deleted to the last",
  async (_what, loss, slowness, wish, least) => {
    await world.ensure(await world.context(wish));
    const wanted = shown();
    world.reset();
    world.arm.cloud.slowness = slowness;
    world.arm.settings.lateIdentities = 2;
    const context = await world.context(wish);
    const made = await lostAtEveryChange(context, loss, (one) => world.ensure(one));
    expect(made.length).toBeGreaterThanOrEqual(least);
    expect(shown()).toEqual(wanted);
    const removed = await lostAtEveryChange(context, loss, remove);
    expect(removed.filter((one) => one.endsWith("/resourcegroups/dev-rg"))).toHaveLength(1);
    expect((await remove(context)).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  },
  120_000,
);

/**
 * A process of its own, killed by SIGKILL while a change is carried out (its answer never comes) at
 * the first change of each kind: the same kinds for other machines were lost above, in this process.
 */
async function killedAtEveryKind(
  action: "ensure" | "remove",
  context: ProviderContext,
  wish: ClusterWish,
): Promise<readonly string[]> {
  const died = new Set<string>();
  for (;;) {
    let victim: string | undefined;
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "azure-run.ts"),
        ...[action, context.folder, context.uid ?? "", JSON.stringify(wish)],
      ],
      {
        env: { ...process.env, HOME: world.home, ...armEnvironment(world.arm) },
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    world.arm.rule = (call) => {
      if (victim !== undefined) return { kind: "not-sent" };
      if (!isChange(call) || died.has(kindOf(call))) return undefined;
      victim = kindOf(call);
      child.kill("SIGKILL");
      return { kind: "answer-lost" };
    };
    const [code] = (await once(child, "exit")) as [number | null];
    world.arm.rule = () => undefined;
    if (victim === undefined) {
      expect(code).toBe(0);
      return [...died];
    }
    died.add(victim);
  }
}

test("B1 B3 SIGKILL at the first change of each kind: reruns converge, nothing twice, and nothing is left", async () => {
  const wish: ClusterWish = { planes: 3, workers: 1, settings: { private: true } };
  await world.ensure(await world.context(wish));
  const wanted = shown();
  world.reset();
  world.arm.cloud.slowness = 2;
  const context = await world.context(wish);
  const made = await killedAtEveryKind("ensure", context, wish);
  expect(made).toEqual(
    expect.arrayContaining([
      ...["PUT resourcegroups", "PUT natgateways", "PUT loadbalancers", "PUT roleassignments"],
      ...["PUT networkinterfaces", "PUT virtualmachines", "PATCH disks"],
    ]),
  );
  expect(shown()).toEqual(wanted);
  const removed = await killedAtEveryKind("remove", context, wish);
  expect(removed.length).toBeGreaterThan(8);
  expect(world.everything()).toEqual([]);
}, 300_000);

test.each([1, 7, 12, 17, 22])(
  "B3 lost at its change %i, a create leaves nothing after a delete",
  async (change) => {
    world.arm.cloud.slowness = 4;
    const context = await world.context(privatePlanes);
    let left = change;
    const nth = () => (left -= 1) === 0;
    expect(await lost(context, "answer-lost", nth, (one) => world.ensure(one))).toBeDefined();
    expect((await remove(context)).left).toEqual([]);
    expect(world.everything()).toEqual([]);
  },
  60_000,
);
