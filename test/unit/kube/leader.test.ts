import { describe, expect, it } from "vitest";
import type { Lease } from "#kube/objects";
import { leases } from "#kube/resources";
import { lead } from "#kube/leader";
import { ClouderError } from "#core/error";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";

const lease = { namespace: "clouder-system", name: "clouder-controller" };

/** Time that moves only when told to; sleepers wake in order. */
function manualClock() {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return {
    clock: {
      now: () => now,
      sleep: (milliseconds: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          const sleeper = { at: now + milliseconds, wake: resolve };
          sleepers.add(sleeper);
          signal?.addEventListener("abort", () => {
            sleepers.delete(sleeper);
            resolve();
          });
        }),
    },
    advance: async (milliseconds: number) => {
      const end = now + milliseconds;
      await settle();
      for (;;) {
        const next = [...sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        sleepers.delete(next);
        now = next.at;
        next.wake();
        await settle();
      }
      now = end;
    },
  };
}

function replica(kube: FakeKube, identity: string, clock: ReturnType<typeof manualClock>["clock"]) {
  const stop = new AbortController();
  const history: string[] = [];
  const ended = lead(
    { kube, clock, ...lease, identity, signal: stop.signal, log: () => undefined },
    (signal) =>
      new Promise((resolve) => {
        history.push("leads");
        signal.addEventListener("abort", () => {
          history.push("ends");
          resolve();
        });
      }),
  );
  return {
    history,
    stop: () => {
      stop.abort();
    },
    ended,
  };
}

const holder = (kube: FakeKube) => kube.peek<Lease>(leases, lease)?.spec.holderIdentity;

describe("leader election", () => {
  it("lets one of two replicas work, and the other at once when the first one stops", async () => {
    const kube = createFakeKube();
    const { clock, advance } = manualClock();
    const first = replica(kube, "a", clock);
    await advance(100);
    const second = replica(kube, "b", clock);
    await advance(60_000);
    expect([first.history, second.history]).toEqual([["leads"], []]);
    first.stop();
    await advance(2_100);
    expect([first.history, second.history]).toEqual([["leads", "ends"], ["leads"]]);
    expect(holder(kube)).toBe("b");
    second.stop();
    await advance(2_100);
    await Promise.all([first.ended, second.ended]);
  });

  it("ends its work in time when the API server takes requests and never answers", async () => {
    const kube = createFakeKube();
    const { clock, advance } = manualClock();
    let hangs = false;
    const stuck: FakeKube = {
      ...kube,
      get: (...request) => (hangs ? new Promise(() => undefined) : kube.get(...request)),
    };
    const cut = replica(stuck, "a", clock);
    await advance(5_000);
    hangs = true;
    await advance(10_000);
    expect(cut.history).toEqual(["leads", "ends"]);
  });

  it("waits 15 seconds for a holder that died without a word", async () => {
    const { clock, advance } = manualClock();
    const dead: Lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: lease,
      // Its own clock may be wrong: only changes that we see count.
      spec: {
        holderIdentity: "dead",
        renewTime: "2001-01-01T00:00:00.000000Z",
        leaseTransitions: 4,
      },
    };
    const kube = createFakeKube([dead]);
    const next = replica(kube, "b", clock);
    await advance(14_000);
    expect(next.history).toEqual([]);
    await advance(4_000);
    expect(next.history).toEqual(["leads"]);
    expect(kube.peek<Lease>(leases, lease)?.spec.leaseTransitions).toBe(5);
    next.stop();
    await advance(2_100);
    await next.ended;
  });

  it("ends its work within 10 seconds when it cannot renew, before anybody else may start", async () => {
    const kube = createFakeKube();
    const { clock, advance } = manualClock();
    const cut = replica(kube, "a", clock);
    await advance(5_000);
    kube.intercept = () => {
      throw new ClouderError("unreachable", "no route", { retryable: true });
    };
    await advance(8_500);
    expect(cut.history).toEqual(["leads"]);
    await advance(4_000);
    expect(cut.history).toEqual(["leads", "ends"]);
    kube.intercept = undefined;
    await advance(20_000);
    expect(cut.history).toEqual(["leads", "ends", "leads"]);
    cut.stop();
    await advance(2_100);
    await cut.ended;
  });
});
