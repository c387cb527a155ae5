import { beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "#kube/kube";
import { nodes, pods } from "#kube/resources";
import { annotations, finalizers } from "#checkpoint/api/names";
import { type Checkpoint, checkpoints, type Restore, restores } from "#checkpoint/api/types";
import type { LogEntry } from "#core/log";
import { type ControllerState, keyOf, runPass } from "#checkpoint/controller/pass";
import { ClouderError } from "#core/error";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import {
  ago,
  factsMap,
  finished,
  makeCheckpoint,
  makeFacts,
  makeNode,
  makePod,
  makeRestore,
  makeStore,
  now,
} from "#test/unit/checkpoint/controller/objects";

let kube: FakeKube;
let logged: LogEntry[];
const cleaned = new Set<string>();
const lookAgainAt = new Map<string, number>();
const c1 = { namespace: "team", name: "c1" };
const r1 = { namespace: "team", name: "r1" };
const web = { namespace: "team", name: "web" };

beforeEach(() => {
  logged = [];
  cleaned.clear();
  lookAgainAt.clear();
});

function cluster(...objects: readonly KubeObject[]): void {
  kube = createFakeKube([
    makeNode("node-1"),
    makeNode("node-2"),
    factsMap(makeFacts("node-1")),
    factsMap(makeFacts("node-2")),
    makeStore("main"),
    ...objects,
  ]);
}

/** One pass over what the API server has right now. */
async function pass(at = now): Promise<ControllerState> {
  const state: ControllerState = {
    checkpoints: new Map((await kube.list(checkpoints)).map((one) => [keyOf(one), one])),
    restores: new Map((await kube.list(restores)).map((one) => [keyOf(one), one])),
    cleaned,
    lookAgainAt,
  };
  await runPass(state, { kube, now: () => at, log: (entry) => logged.push(entry) });
  return state;
}

const writes = () => kube.calls.filter(({ verb }) => verb === "patch" || verb === "remove");
const checkpointNow = () => kube.peek<Checkpoint>(checkpoints, c1);
const restoreNow = () => kube.peek<Restore>(restores, r1);

describe("a pass of the controller", () => {
  it("assigns a new checkpoint once and leaves it to the agent from then on", async () => {
    cluster(makePod(), makeCheckpoint());
    await pass();
    expect(checkpointNow()?.status).toMatchObject({ phase: "Scheduled", nodeName: "node-1" });
    await pass();
    expect(writes()).toHaveLength(1);
  });

  it("reads nothing of the cluster while nothing waits for it", async () => {
    cluster(makeCheckpoint(finished()), makeRestore({ phase: "Completed" }));
    const before = kube.calls.length;
    await pass();
    // Only the test's own two lists.
    expect(kube.calls.length - before).toBe(2);
  });

  it("goes on with the others when one object's turn fails", async () => {
    cluster(makePod(), makeCheckpoint(), makeCheckpoint({}, { metadata: { name: "c2" } }));
    kube.intercept = ({ verb, name }) => {
      if (verb === "patch" && name === "c1") throw new ClouderError("denied", "no");
    };
    await pass();
    expect(kube.peek<Checkpoint>(checkpoints, { ...c1, name: "c2" })?.status?.phase).toBe(
      "Scheduled",
    );
    expect(logged).toContainEqual(expect.objectContaining({ level: "error", message: "no" }));
  });

  it("does not overwrite what somebody wrote meanwhile", async () => {
    cluster(makePod(), makeCheckpoint());
    let raced = false;
    kube.intercept = ({ verb }) => {
      if (verb !== "patch" || raced) return;
      raced = true;
      const other = checkpointNow();
      if (other) kube.seed({ ...other, status: { phase: "Failed" } } as Checkpoint);
    };
    await pass();
    expect(checkpointNow()?.status).toEqual({ phase: "Failed" });
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("gives a restore a node and does not promise the same room twice", async () => {
    const placement = { requests: { memory: "3Gi" }, images: [] };
    cluster(
      makeCheckpoint(finished({ placement })),
      makeRestore({}, { metadata: { creationTimestamp: ago(60) } }),
      makeRestore({}, { metadata: { name: "r2", uid: "other", creationTimestamp: ago(50) } }),
      makeRestore({}, { metadata: { name: "r3", uid: "third", creationTimestamp: ago(40) } }),
    );
    await pass();
    const phases = (await kube.list(restores)).map(({ status }) => [
      status?.phase,
      status?.nodeName,
    ]);
    expect(phases).toEqual([
      ["Scheduled", "node-1"],
      ["Scheduled", "node-2"],
      ["Failed", undefined],
    ]);
  });

  it("counts the pods of a node, but not the finished ones", async () => {
    const big = { containers: [{ name: "a", resources: { requests: { memory: "3500Mi" } } }] };
    const named = (name: string) => ({ metadata: { name, namespace: "x", uid: name } });
    cluster(
      { ...makePod({ ...big, nodeName: "node-1" }), ...named("one") },
      { ...makePod({ ...big, nodeName: "node-2" }, { phase: "Succeeded" }), ...named("two") },
      makeCheckpoint(finished()),
      makeRestore(),
    );
    await pass();
    expect(restoreNow()?.status?.nodeName).toBe("node-2");
  });

  it("waits with a restore until its checkpoint is done, writing the reason only once", async () => {
    cluster(makePod(), makeCheckpoint({ phase: "Uploading", nodeName: "node-1" }), makeRestore());
    await pass();
    await pass(now + 60_000);
    expect(restoreNow()?.status).toMatchObject({ phase: "Pending" });
    expect(writes()).toHaveLength(1);
  });
});

describe("work on dead nodes", () => {
  const table: readonly [string, KubeObject, number, boolean][] = [
    [
      "an upload on a node that is gone",
      makeCheckpoint({ phase: "Uploading", nodeName: "node-9" }),
      0,
      true,
    ],
    [
      "a dump whose agent is silent",
      makeCheckpoint({ phase: "Checkpointing", nodeName: "node-1" }),
      400_000,
      true,
    ],
    [
      "a dump whose agent restarts",
      makeCheckpoint({ phase: "Checkpointing", nodeName: "node-1" }),
      200_000,
      false,
    ],
    [
      "a staged restore on a node that is gone",
      makeRestore({ phase: "Staged", nodeName: "node-9" }),
      0,
      true,
    ],
    [
      "a finished checkpoint of a node that is gone",
      makeCheckpoint(finished({ nodeName: "node-9" })),
      0,
      false,
    ],
  ];
  it.each(table)("%s ends as Failed only when it is lost", async (_what, object, later, ends) => {
    cluster(object);
    const before = (object as Checkpoint).status?.phase;
    await pass(now + later);
    const status = (checkpointNow() ?? restoreNow())?.status;
    expect(status?.phase).toBe(ends ? "Failed" : before);
    if (ends) expect(status?.error).toMatchObject({ code: "unreachable" });
  });
});

describe("deletion of a checkpoint", () => {
  const dying = { deletionTimestamp: ago(5), finalizers: [finalizers.storedData] };
  const seed = (status: Checkpoint["status"], ...more: readonly KubeObject[]) => {
    cluster(makeCheckpoint(status, { metadata: dying }), ...more);
  };

  it("that never had a node is let go", async () => {
    seed({});
    await pass();
    expect(checkpointNow()).toBeUndefined();
  });

  it("is left to the agent of its node while that is ready", async () => {
    seed(finished());
    await pass();
    expect(writes()).toEqual([]);
  });

  it("goes to another ready agent when its node is gone", async () => {
    seed(finished({ nodeName: "node-9" }));
    await pass();
    expect(checkpointNow()?.status?.nodeName).toBe("node-1");
  });

  it("waits for a node whose own folder is the store as long as that node exists", async () => {
    const folder = makeStore("folder", { url: "file:///var/lib/clouder/store" });
    seed(finished({ storeName: "folder", nodeName: "node-1" }), folder);
    await pass(now + 600_000);
    expect(writes()).toEqual([]);
    await kube.remove(nodes, { name: "node-1" });
    kube.seed(factsMap(makeFacts("node-2", { observedAt: new Date(now + 599_000).toISOString() })));
    await pass(now + 600_000);
    expect(checkpointNow()?.status?.nodeName).toBe("node-2");
  });
});

describe("the pod of a failed restore", () => {
  const failedAt = (seconds: number) =>
    makeRestore({ phase: "Failed", completionTime: ago(seconds) });
  const podOf = (uid: string) => ({
    ...makePod(),
    metadata: { ...makePod().metadata, annotations: { [annotations.restore]: uid } },
  });

  it("is removed when the CLI that made it did not", async () => {
    cluster(failedAt(30), podOf("restore-uid"));
    await pass();
    expect(kube.peek(pods, web)).toBeUndefined();
  });

  it("is left to the CLI at first", async () => {
    cluster(failedAt(10), podOf("restore-uid"));
    await pass();
    expect(kube.peek(pods, web)).toBeDefined();
  });

  it("is not confused with a pod of that name that has nothing to do with it", async () => {
    cluster(failedAt(30), podOf("another-restore"));
    await pass();
    await pass();
    expect(kube.peek(pods, web)).toBeDefined();
    expect(kube.calls.filter(({ verb, kind }) => verb === "get" && kind === "Pod")).toHaveLength(1);
  });
});

describe("a finished Restore", () => {
  const day = 86_400_000;
  const ended = (phase: "Completed" | "Failed", spec: Partial<Restore["spec"]> = {}) =>
    makeRestore({ phase, completionTime: new Date(now).toISOString() }, { spec });

  it.each([
    ["Completed", {}, day],
    ["Failed", {}, 7 * day],
    ["Completed", { ttlSecondsAfterFinished: 60 }, 60_000],
    ["Failed", { ttlSecondsAfterFinished: 0 }, 0],
  ] as const)("that is %s, with %o, is removed after its time", async (phase, spec, after) => {
    cluster(ended(phase, spec));
    await pass(now + after - 1);
    expect(restoreNow()).toBeDefined();
    await pass(now + after);
    expect(restoreNow()).toBeUndefined();
  });

  it("stays while its pod is there, since the pod's restarts need it", async () => {
    const pod = makePod();
    const mine = { ...pod.metadata, annotations: { [annotations.restore]: "restore-uid" } };
    cluster({ ...pod, metadata: mine }, ended("Completed"));
    await pass(now + 2 * day);
    expect(restoreNow()).toBeDefined();
    await kube.remove(pods, web);
    await pass(now + 2 * day + 1000);
    expect(restoreNow()).toBeDefined();
    await pass(now + 2 * day + 601_000);
    expect(restoreNow()).toBeUndefined();
  });

  it("goes when the pod of that name is another one", async () => {
    cluster(makePod(), ended("Completed"));
    await pass(now + day);
    expect(restoreNow()).toBeUndefined();
  });
});
