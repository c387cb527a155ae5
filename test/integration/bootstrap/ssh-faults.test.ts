import { describe, expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClouderError } from "#core/error";
import { silent } from "#core/report";
import type { Fault } from "#test/fakes/ssh-fleet";
import { createSshWorld } from "#test/fakes/ssh-world";

/** Creates over SSH on hosts that fail; they wait for the same real timeouts at the same time. */

const minutes = (count: number) => ({ timeout: count * 60_000 });

describe.concurrent("of 20 hosts", () => {
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
