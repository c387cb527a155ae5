import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClouderError } from "#core/error";
import { silent } from "#core/report";
import type { ClientAnswer } from "#test/fakes/create-client";
import { countRounds, type Rounds } from "#test/fakes/rounds";
import type { Fault } from "#test/fakes/ssh-fleet";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** Creates over SSH on hundreds of hosts: servers of ssh2 in this process, the create in one of its own. */

const minutes = (count: number) => ({ timeout: count * 60_000 });
const sum = ({ counts }: Rounds) => [...counts.values()].reduce((one, other) => one + other, 0);

let world: SshWorld;
let rounds: Rounds;
let first: ClientAnswer;

beforeAll(async () => {
  rounds = countRounds(101);
  world = await createSshWorld({ hosts: 101, pace: rounds.pace });
  first = await world.create();
}, 240_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe("a create on 100 workers", () => {
  it("takes as many rounds of long commands as on one", minutes(1), async () => {
    expect(first).toMatchObject({ changed: true });
    const alone = countRounds(2);
    await using small = await createSshWorld({ hosts: 2, pace: alone.pace });
    expect(await small.create()).toMatchObject({ changed: true });
    expect([...rounds.counts.keys()].sort()).toEqual([...alone.counts.keys()].sort());
    expect(sum(rounds) / sum(alone)).toBeLessThanOrEqual(1.25);
  });

  it("never opens more sessions of a connection than sshd allows, and one connection a host", () => {
    expect(world.fleet.counts.mostSessionsOfOne).toBeLessThanOrEqual(8);
    expect(world.fleet.counts.mostConnections).toBe(101);
    expect(world.fleet.counts.connections).toBe(0);
  });

  it("is looked through by a second create, with few commands a host", minutes(2), async () => {
    const before = world.fleet.counts.commands;
    expect(await world.create()).toMatchObject({ changed: false });
    expect((world.fleet.counts.commands - before) / 101).toBeLessThanOrEqual(35);
  });

  it("holds no more memory than on 300 hosts, within the half", minutes(2), async () => {
    // Connected, looked at and prepared; what follows is the same again and again.
    await using large = await createSshWorld({ hosts: 300, only: "prepare-host" });
    const answer = await large.create();
    expect(answer).toMatchObject({ changed: true });
    expect(large.fleet.counts.mostConnections).toBe(300);
    expect(large.fleet.counts.mostSessions).toBeLessThanOrEqual(300);
    expect(answer.rssBytes / first.rssBytes).toBeLessThanOrEqual(1.5);
  });
});

describe("of 20 hosts", () => {
  const failing = async (faults: Readonly<Record<number, Fault>>) => {
    await using one = await createSshWorld({ hosts: 20, faults });
    const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
    const failed = await createCluster(one.request, { report: silent, clock }).then(
      () => undefined,
      (error: unknown) => error as ClouderError,
    );
    return { failed, connections: one.fleet.counts.connections };
  };

  it("two that refuse are named, each with its cause, and no connection stays", async () => {
    const { failed, connections } = await failing({
      7: { kind: "refuses" },
      9: { kind: "refuses" },
    });
    expect(failed?.code).toBe("unreachable");
    for (const name of ["fleet-node-7", "fleet-node-9"]) {
      expect(failed?.message).toMatch(new RegExp(`connect on ${name}: .*ECONNREFUSED`));
    }
    expect(connections).toBe(0);
  });

  it("one that dies in the middle is named, with the step", async () => {
    const { failed, connections } = await failing({ 3: { kind: "dies", at: /dpkg -i/ } });
    expect(failed?.code).toBe("unreachable");
    expect(failed?.message).toMatch(
      /install-packages on fleet-node-3: the connection to fleet-node-3 broke/,
    );
    expect(connections).toBe(0);
  });

  it(
    "one that accepts and says nothing is named, with what was waited for",
    minutes(3),
    async () => {
      const { failed } = await failing({ 5: { kind: "mute" } });
      expect(failed?.code).toBe("unreachable");
      expect(failed?.message).toMatch(/^connect on fleet-node-5: .*handshake/);
    },
  );

  it("one that stops to answer in the middle is found by keepalives", minutes(3), async () => {
    const { failed } = await failing({ 5: { kind: "freezes", at: /clouder-proof/ } });
    expect(failed?.code).toBe("unreachable");
    expect(failed?.message).toMatch(/prove on fleet-node-5: the connection .*[Kk]eepalive/);
  });
});
