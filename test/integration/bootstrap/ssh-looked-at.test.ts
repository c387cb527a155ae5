import { expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** The user's own machines are all looked at before one is changed: servers of ssh2 in this process. */

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const create = (world: SshWorld) =>
  createCluster(world.request, { report: () => undefined, clock });
const failure = (world: SshWorld) => create(world).catch((error: unknown) => error as ClouderError);

/** Long commands, each with the number of its host. */
function watching() {
  const seen: string[] = [];
  const pace = (host: number, argv: readonly string[]) => {
    const kind = longCommand(argv);
    if (kind !== undefined) seen.push(`${kind} ${host}`);
    return Promise.resolve();
  };
  return { seen, pace };
}

it("a machine that answers late is waited for, before any is changed", async () => {
  const { seen, pace } = watching();
  const { promise: until, resolve: answer } = Promise.withResolvers<true>();
  await using world = await createSshWorld({
    hosts: 4,
    pace,
    faults: { 2: { kind: "late", until } },
  });
  const untouched = world.state();
  const events: ReportEvent[] = [];
  const at = (type: string, step: string, host: string) =>
    events.findIndex(
      (one) => one.type === type && "step" in one && one.step === step && one.host === host,
    );
  const others = ["fleet-master", "fleet-node-1", "fleet-node-3"];
  const created = createCluster(world.request, {
    clock,
    report: (event) => {
      events.push(event);
      if (others.every((host) => at("step-done", "facts", host) >= 0)) answer(true);
    },
  });
  await until;
  expect(world.state()).toEqual(untouched);
  expect(await created).toMatchObject({ changed: true, complete: true });
  for (const host of others) {
    const looked = at("step-done", "facts", "fleet-node-2");
    expect(at("step-started", "prepare-host", host)).toBeGreaterThan(looked);
  }
  expect(seen.filter((one) => one.startsWith("proof"))).toHaveLength(4);
});

it("one that never answers is named, none is changed, and the next create ends it", async () => {
  await using world = await createSshWorld({ hosts: 4, faults: { 2: { kind: "refuses" } } });
  const untouched = world.state();
  expect(await failure(world)).toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(
      /^connect on fleet-node-2: cannot reach fleet-node-2 .*ECONNREFUSED/,
    ) as string,
  });
  expect(world.state()).toEqual(untouched);
  await world.fleet.revive(2);
  expect(await create(world)).toMatchObject({ changed: true, complete: true });
  expect(await create(world)).toMatchObject({ changed: false });
});

it("one that dies later is named, the others' work is kept, and the next create ends it", async () => {
  const { seen, pace } = watching();
  const faults = { 2: { kind: "dies", at: /dpkg -i/ } } as const;
  await using world = await createSshWorld({ hosts: 4, pace, faults });
  expect(await failure(world)).toMatchObject({
    message: expect.stringMatching(/^install-packages on fleet-node-2/) as string,
  });
  expect(seen.filter((one) => one.startsWith("proof")).toSorted()).toEqual([
    "proof 0",
    "proof 1",
    "proof 3",
  ]);
  await world.fleet.revive(2);
  expect(await create(world)).toMatchObject({ changed: true, complete: true });
  expect(seen.filter((one) => one.startsWith("proof"))).toHaveLength(4);
  expect(seen.filter((one) => one.startsWith("kubeadm")).toSorted()).toEqual([
    ...["kubeadm init 0", "kubeadm join 1", "kubeadm join 2", "kubeadm join 3"],
  ]);
  expect(await create(world)).toMatchObject({ changed: false });
});
