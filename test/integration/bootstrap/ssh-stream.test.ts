import { expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** Machines enter preparation one by one, as they answer: servers of ssh2 in this process. */

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const create = (world: SshWorld, events: ReportEvent[] = []) =>
  createCluster(world.request, { report: (event) => events.push(event), clock });

/** Counts long commands of each host, and tells when all of `hosts` have been proven. */
function watching(hosts: readonly number[]) {
  const seen: string[] = [];
  const { promise: proven, resolve: tell } = Promise.withResolvers<true>();
  const pace = (host: number, argv: readonly string[]) => {
    const kind = longCommand(argv);
    if (kind !== undefined) seen.push(`${kind} ${host}`);
    if (hosts.every((one) => seen.includes(`proof ${one}`))) tell(true);
    return Promise.resolve();
  };
  return { seen, proven, pace };
}

it("a machine that answers late holds up nobody: the others are proven before it says a word", async () => {
  const { seen, proven, pace } = watching([0, 1, 3]);
  const until = proven;
  await using world = await createSshWorld({
    hosts: 4,
    pace,
    faults: { 2: { kind: "late", until } },
  });
  const events: ReportEvent[] = [];
  expect(await create(world, events)).toMatchObject({ changed: true, complete: true });
  const at = (type: string, step: string, host?: string) =>
    events.findIndex(
      (one) =>
        one.type === type && "step" in one && one.step === step && (!host || one.host === host),
    );
  const answered = at("step-done", "connect", "fleet-node-2");
  for (const host of ["fleet-master", "fleet-node-1", "fleet-node-3"]) {
    expect(at("step-done", "prove", host)).toBeGreaterThan(0);
    expect(at("step-done", "prove", host)).toBeLessThan(answered);
  }
  // The cluster itself waits for all.
  expect(at("step-started", "init")).toBeGreaterThan(at("step-done", "prove", "fleet-node-2"));
  expect(seen.indexOf("kubeadm init 0")).toBeGreaterThan(seen.indexOf("proof 2"));
});

it("one that never answers is named, the others' work is kept, and the next create ends it", async () => {
  const { seen, pace } = watching([]);
  await using world = await createSshWorld({ hosts: 4, pace, faults: { 2: { kind: "refuses" } } });
  const failed = await create(world).catch((error: unknown) => error as ClouderError);
  expect(failed).toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(
      /^connect on fleet-node-2: cannot reach fleet-node-2 .*ECONNREFUSED/,
    ) as string,
  });
  expect(seen.filter((one) => one.startsWith("proof")).toSorted()).toEqual([
    ...["proof 0", "proof 1", "proof 3"],
  ]);
  expect(seen.join()).not.toContain("kubeadm");
  await world.fleet.revive(2);
  expect(await create(world)).toMatchObject({ changed: true, complete: true });
  expect(seen.filter((one) => one.startsWith("proof"))).toHaveLength(4);
  expect(seen.filter((one) => one.startsWith("kubeadm")).toSorted()).toEqual([
    ...["kubeadm init 0", "kubeadm join 1", "kubeadm join 2", "kubeadm join 3"],
  ]);
  expect(await create(world)).toMatchObject({ changed: false });
});
