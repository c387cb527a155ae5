import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientAnswer } from "#test/fakes/create-client";
import type { Fault } from "#test/fakes/ssh-fleet";
import { countRounds, type Rounds } from "#test/fakes/rounds";
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

describe("of 300 hosts, one of them slow", () => {
  const failing = async (faults: Readonly<Record<number, Fault>>, only?: string) => {
    const pace = async (host: number) => {
      if (host === 9) await sleep(100);
    };
    const step = only === undefined ? {} : { only };
    await using large = await createSshWorld({ hosts: 300, faults, pace, ...step });
    const before = large.state();
    const { error, rssBytes } = await large.create();
    expect(large.fleet.counts.connections).toBe(0);
    expect(rssBytes / first.rssBytes).toBeLessThanOrEqual(1.5);
    return { error, isUntouched: JSON.stringify(before) === JSON.stringify(large.state()) };
  };

  it("one that refuses is named with its cause, and nothing is changed", minutes(2), async () => {
    const { error, isUntouched } = await failing({ 250: { kind: "refuses" } });
    expect(error?.code).toBe("unreachable");
    expect(error?.message).toMatch(/^connect on fleet-\S*250: [^;]*ECONNREFUSED/);
    expect(isUntouched).toBe(true);
  });

  it("one that dies is named with its step, and the others are done", minutes(2), async () => {
    const { error, isUntouched } = await failing(
      { 250: { kind: "dies", at: /sysctl/ } },
      "prepare-host",
    );
    expect(error?.code).toBe("unreachable");
    expect(error?.message).toMatch(
      /^prepare-host on fleet-\S*250: the connection to fleet-\S*250 broke/,
    );
    expect(isUntouched).toBe(false);
  });
});
