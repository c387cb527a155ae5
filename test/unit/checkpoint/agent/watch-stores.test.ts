import { beforeEach, describe, expect, it } from "vitest";
import type { Agent } from "#checkpoint/agent/agent";
import { checkDueStores } from "#checkpoint/agent/watch-stores";
import { readyCondition } from "#checkpoint/api/store-condition";
import { checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import type { Store } from "#checkpoint/stores/store";
import { ClouderError } from "#core/error";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { makeStore, now } from "#test/unit/checkpoint/controller/objects";

let kube: FakeKube;
let time: number;
let checks: string[];
let failure: ClouderError | undefined;

beforeEach(() => {
  time = now;
  checks = [];
  failure = undefined;
});

/** An agent as far as stores need one. */
function agentOf(nodeName: string): Agent {
  const store = (name: string) => ({
    check: () => {
      checks.push(`${nodeName} ${name}`);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    close: () => Promise.resolve(),
  });
  return {
    kube,
    clock: { now: () => time, sleep: () => Promise.resolve() },
    log: () => undefined,
    nodeName,
    openStore: (name: string) => Promise.resolve(store(name) as unknown as Store),
    stopping: new AbortController().signal,
  } as unknown as Agent;
}

const readyOf = (name: string) =>
  readyCondition(kube.peek<CheckpointStore>(checkpointStores, { name })!);

describe("the Ready condition of a store in the network", () => {
  it("K2 K3 is True once an agent has written, read and removed there", async () => {
    kube = createFakeKube([makeStore("main")]);
    await checkDueStores(agentOf("node-1"));
    expect(readyOf("main")).toMatchObject({ status: "True", reason: "Checked" });
    expect(kube.peek(checkpointStores, { name: "main" })?.status).toMatchObject({
      checkedBy: "node-1",
      checkedAt: new Date(now).toISOString(),
    });
  });

  it("is looked at by one agent of all, and again only after five minutes", async () => {
    kube = createFakeKube([makeStore("main")]);
    const agents = ["node-1", "node-2", "node-3"].map(agentOf);
    await Promise.all(agents.map(checkDueStores));
    expect(checks).toHaveLength(1);
    time += 299_000;
    await Promise.all(agents.map(checkDueStores));
    expect(checks).toHaveLength(1);
    time += 2_000;
    await Promise.all(agents.map(checkDueStores));
    expect(checks).toHaveLength(2);
  });

  it("is False with reason, message and cure, and looked at sooner", async () => {
    kube = createFakeKube([makeStore("main")]);
    failure = new ClouderError("denied", "s3://bucket/ denies the access", { hint: "give rights" });
    await checkDueStores(agentOf("node-1"));
    expect(readyOf("main")).toMatchObject({
      status: "False",
      reason: "Denied",
      message: "s3://bucket/ denies the access; give rights",
    });
    failure = undefined;
    time += 61_000;
    await checkDueStores(agentOf("node-2"));
    expect(readyOf("main")).toMatchObject({
      status: "True",
      lastTransitionTime: new Date(time).toISOString(),
    });
  });

  it("counts for the version of the spec that was looked at only", async () => {
    const store = makeStore("main");
    kube = createFakeKube([{ ...store, metadata: { ...store.metadata, generation: 1 } }]);
    await checkDueStores(agentOf("node-1"));
    const told = kube.peek<CheckpointStore>(checkpointStores, { name: "main" })!;
    expect(readyCondition(told)?.observedGeneration).toBe(told.metadata.generation);
    const changed = { ...told, metadata: { ...told.metadata, generation: 99 } };
    expect(readyCondition(changed)).toBeUndefined();
  });

  it("is not an agent's business when the store is a folder", async () => {
    kube = createFakeKube([makeStore("share", { url: "file:///share" })]);
    await checkDueStores(agentOf("node-1"));
    expect(checks).toEqual([]);
  });
});
