import { describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import type { CheckpointStore, NodeFacts } from "#checkpoint/api/types";
import { assignCheckpoint } from "#checkpoint/controller/assign-checkpoint";
import {
  ago,
  makeCheckpoint,
  makeFacts,
  makePod,
  makeStore,
  now,
} from "#test/unit/checkpoint/controller/objects";

interface Around {
  readonly spec?: Parameters<typeof makeCheckpoint>[1];
  readonly pod?: Pod | undefined;
  readonly stores?: readonly CheckpointStore[];
  readonly facts?: readonly NodeFacts[];
}

function assign(around: Around = {}) {
  const { stores = [makeStore("main")], facts = [makeFacts("node-1")] } = around;
  return assignCheckpoint(makeCheckpoint({}, around.spec), {
    pod: "pod" in around ? around.pod : makePod(),
    stores,
    facts: new Map(facts.map((one) => [one.nodeName, one])),
    now,
  });
}

describe("assigning a checkpoint", () => {
  it("gives a running pod's checkpoint to the agent of its node, with what a restore must know", () => {
    const status = assign();
    expect(status).toMatchObject({
      phase: "Scheduled",
      nodeName: "node-1",
      podUID: "pod-uid",
      storeName: "main",
      observedGeneration: 1,
      startTime: "2026-11-21T12:00:00.000Z",
      compatibility: { architecture: "amd64", criuVersion: "4.2.1", cgroupVersion: 1 },
      placement: { images: ["example/app:1", "sha256:1"] },
      conditions: [{ type: "Scheduled", status: "True", reason: "PodFound" }],
    });
    expect(status.error).toBeUndefined();
  });

  const waiting = { waiting: { reason: "CrashLoopBackOff" } };
  const refusals: readonly [string, Around, string, RegExp][] = [
    [
      "the pod does not exist",
      { pod: undefined },
      "not-found",
      /pod "web" does not exist in "team"/,
    ],
    [
      "the pod is a namesake made later",
      { spec: { spec: { podUID: "older" } } },
      "conflict",
      /is another one \(UID pod-uid\)/,
    ],
    [
      "the pod is being deleted",
      { pod: { ...makePod(), metadata: { ...makePod().metadata, deletionTimestamp: ago(1) } } },
      "refused",
      /being deleted/,
    ],
    ["the pod is Pending", { pod: makePod({}, { phase: "Pending" }) }, "refused", /is Pending/],
    [
      "a named container does not exist",
      { spec: { spec: { containers: ["apq"] } } },
      "not-found",
      /no container "apq"/,
    ],
    [
      "a container does not run",
      { pod: makePod({}, { containerStatuses: [{ name: "app", state: waiting }] }) },
      "refused",
      /container "app" is not running: CrashLoopBackOff/,
    ],
    ["no agent is on the node", { facts: [] }, "unreachable", /no agent runs on node node-1/],
    [
      "the agent is silent",
      { facts: [makeFacts("node-1", { observedAt: ago(121) })] },
      "unreachable",
      /silent since/,
    ],
    ["there is no store", { stores: [] }, "config", /no CheckpointStore yet/],
    [
      "the named store does not exist",
      { spec: { spec: { storeName: "s3" } } },
      "not-found",
      /no CheckpointStore "s3"/,
    ],
    [
      "several stores and no default",
      { stores: [makeStore("a"), makeStore("b")] },
      "config",
      /no default among the CheckpointStores a, b/,
    ],
    [
      "several defaults",
      { stores: [makeStore("a", { default: true }), makeStore("b", { default: true })] },
      "config",
      /more than one default/,
    ],
  ];
  it.each(refusals)("fails with code and cure when %s", (_why, around, code, message) => {
    const status = assign(around);
    expect(status.phase).toBe("Failed");
    expect(status.error?.code).toBe(code);
    expect(status.error?.message).toMatch(message);
    expect(status.error?.hint).toBeTruthy();
    expect(status.completionTime).toBe("2026-11-21T12:00:00.000Z");
    expect(status.conditions).toMatchObject([{ type: "Scheduled", status: "False" }]);
    expect(status.nodeName).toBeUndefined();
  });

  it("takes the default store among several, and the only one without a default", () => {
    const two = [makeStore("a"), makeStore("b", { default: true })];
    expect(assign({ stores: two }).storeName).toBe("b");
    expect(assign({ stores: [makeStore("a")] }).storeName).toBe("a");
  });

  it("lets a named container go on while another one does not run", () => {
    const pod = makePod(
      { containers: [{ name: "app" }, { name: "broken" }] },
      {
        containerStatuses: [
          { name: "app", state: { running: {} } },
          { name: "broken", state: waiting },
        ],
      },
    );
    expect(assign({ pod }).phase).toBe("Failed");
    expect(assign({ pod, spec: { spec: { containers: ["app"] } } }).phase).toBe("Scheduled");
  });
});
