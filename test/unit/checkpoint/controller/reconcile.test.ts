import { expect, it } from "vitest";
import { type Checkpoint, checkpoints } from "#checkpoint/api/types";
import { reconcile } from "#checkpoint/controller/reconcile";
import { systemClock } from "#core/clock";
import { createFakeKube } from "#test/fakes/kube";
import {
  factsMap,
  makeCheckpoint,
  makeFacts,
  makeNode,
  makePod,
  makeStore,
} from "#test/unit/checkpoint/controller/objects";

it("acts on objects that were there before it and on those that come, over a gap of the watch", async () => {
  const facts = makeFacts("node-1", { observedAt: new Date().toISOString() });
  const kube = createFakeKube([
    makeNode("node-1"),
    factsMap(facts),
    makeStore("main"),
    makePod(),
    makeCheckpoint(),
  ]);
  const stop = new AbortController();
  const clock = systemClock;
  const ended = reconcile({ kube, clock, signal: stop.signal, log: () => undefined });
  const phase = (name: string) =>
    kube.peek<Checkpoint>(checkpoints, { namespace: "team", name })?.status?.phase;
  await expect.poll(() => phase("c1")).toBe("Scheduled");
  kube.resyncWatches();
  await kube.create(checkpoints, makeCheckpoint({}, { metadata: { name: "c2" } }));
  await expect.poll(() => phase("c2")).toBe("Scheduled");
  stop.abort();
  await ended;
});
