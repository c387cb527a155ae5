import { afterAll, beforeAll, expect, it } from "vitest";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** Creates in processes that are killed: each at another boundary of a step, each over what the last one left. */

const hosts = 3;
const seen: string[] = [];
let whole: SshWorld;
let world: SshWorld;

beforeAll(async () => {
  const pace = (host: number, argv: readonly string[]) => {
    seen.push(`${longCommand(argv) ?? ""} ${host}`);
    return Promise.resolve();
  };
  whole = await createSshWorld({ hosts });
  world = await createSshWorld({ hosts, pace });
});
afterAll(async () => {
  await whole[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

it("E1 killed (SIGKILL) at every step boundary, a create ends as one that was never killed", async () => {
  const died: string[] = [];
  for (;;) {
    const boundary = await world.killedCreate(died);
    if (boundary === undefined) break;
    died.push(boundary);
    if (died.length > 200) throw new Error(`no end: ${died.join(", ")}`);
  }
  const started = died.filter((one) => one.startsWith("step-started "));
  expect(started.toSorted()).toEqual(
    createClusterPlan({ provider: { keepsMachines: true }, spec: { pools: [] } })
      .map(({ id }) => `step-started ${id}`)
      .toSorted(),
  );
  // Every step that had something to do died after it, too.
  expect(died).toEqual(expect.arrayContaining(["step-done init", "step-done join"]));
  expect(seen.filter((one) => one === "kubeadm init 0")).toHaveLength(1);
  expect(await whole.create()).toMatchObject({ changed: true });
  expect(world.state()).toEqual(whole.state());
  expect(await world.create()).toMatchObject({ changed: false });
}, 240_000);
