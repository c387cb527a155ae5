import { describe, expect, it } from "vitest";
import type { Checkpoint, Placement } from "#checkpoint/api/types";
import { annotations } from "#checkpoint/api/names";
import { chooseNode } from "#checkpoint/controller/choose-node";
import type { Candidate } from "#checkpoint/controller/node-rules";
import {
  ago,
  finished,
  makeCheckpoint,
  makeFacts,
  makeNode,
  makeRestore,
  now,
} from "#test/unit/checkpoint/controller/objects";

function candidate(name: string, over: Partial<Candidate> = {}): Candidate {
  return { node: makeNode(name), facts: makeFacts(name), used: {}, podCount: 3, ...over };
}

const old = { metadata: { creationTimestamp: ago(60) } };

function choose(
  candidates: readonly Candidate[],
  restore = makeRestore({}, old),
  checkpoint: Checkpoint | undefined = makeCheckpoint(finished()),
) {
  return chooseNode(restore, { checkpoint, candidates, now });
}

describe("choosing a node for a restore", () => {
  it("takes the wanted node when it fits", () => {
    const restore = makeRestore({}, { spec: { nodeName: "node-2" } });
    const status = choose([candidate("node-1"), candidate("node-2")], restore);
    expect(status).toMatchObject({
      phase: "Scheduled",
      nodeName: "node-2",
      conditions: [{ type: "Scheduled", status: "True" }],
    });
  });

  it("L1: takes hardware by the labels that the Restore names, whatever else has room", () => {
    const gpu = makeNode("node-2");
    const labelled = { ...gpu.metadata, labels: { "xpu.datalayer.io/gpu-cuda": "true" } };
    const candidates = [
      candidate("node-1"),
      candidate("node-2", { node: { ...gpu, metadata: labelled }, used: { memory: 2 ** 30 } }),
    ];
    const wanting = (value: string) =>
      makeRestore({}, { ...old, spec: { nodeSelector: { "xpu.datalayer.io/gpu-cuda": value } } });
    expect(choose(candidates, wanting("true")).nodeName).toBe("node-2");
    const none = choose(candidates, wanting("false"));
    expect(none).toMatchObject({ phase: "Failed", error: { code: "refused" } });
    expect(none.error?.message).toMatch(/node-1: .*Restore's node selector/);
  });

  it("L1: the pod's own selector holds beside the Restore's", () => {
    const selecting: Placement = { requests: {}, images: [], nodeSelector: { zone: "b" } };
    const checkpoint = makeCheckpoint({ ...finished(), placement: selecting });
    const node = makeNode("node-1");
    const inA = { ...node, metadata: { ...node.metadata, labels: { zone: "a" } } };
    const restore = makeRestore({}, { ...old, spec: { nodeSelector: { zone: "a" } } });
    const status = choose([candidate("node-1", { node: inA })], restore, checkpoint);
    expect(status.phase).toBe("Failed");
  });

  it("prefers a node that holds the image, then the one with the most free memory", () => {
    const held = makeNode("node-3");
    const withImage = candidate("node-3", {
      node: { ...held, status: { ...held.status, images: [{ names: ["example/app:1"] }] } },
      used: { memory: 2 ** 31 },
    });
    const busy = candidate("node-1", { used: { memory: 2 ** 30 } });
    expect(choose([busy, candidate("node-2"), withImage]).nodeName).toBe("node-3");
    expect(choose([busy, candidate("node-2")]).nodeName).toBe("node-2");
  });

  it("J4: refuses another user's checkpoint to a Restore that does not name them", () => {
    const owned = makeCheckpoint({ ...finished(), user: "alice" });
    const byNobody = choose([candidate("node-1")], makeRestore({}, old), owned);
    expect(byNobody).toMatchObject({ phase: "Failed", error: { code: "denied" } });
    expect(byNobody.error?.message).toMatch(/user "alice"/);
    const byBob = choose([candidate("node-1")], makeRestore({}, { spec: { user: "bob" } }), owned);
    expect(byBob.error?.code).toBe("denied");
    const byAlice = makeRestore({}, { spec: { user: "alice" } });
    expect(choose([candidate("node-1")], byAlice, owned).phase).toBe("Scheduled");
  });

  const noisy = makeNode("node-1");
  const facts = (over: Parameters<typeof makeFacts>[1]) => ({ facts: makeFacts("node-1", over) });
  const refusals: readonly [string, Partial<Candidate>, RegExp][] = [
    [
      "it is not Ready",
      { node: { ...noisy, status: { conditions: [{ type: "Ready", status: "Unknown" }] } } },
      /node-1: the node is not Ready/,
    ],
    ["it is cordoned", { node: makeNode("node-1", { unschedulable: true }) }, /cordoned/],
    [
      "it has a taint",
      { node: makeNode("node-1", { taints: [{ key: "gpu", effect: "NoSchedule" }] }) },
      /does not tolerate the taint gpu:NoSchedule/,
    ],
    ["no agent is there", { facts: undefined }, /no agent runs there/],
    ["its agent is silent", facts({ observedAt: ago(600) }), /its agent is silent/],
    ["the handler is not ready", facts({ handlerReady: false }), /handler clouder is not ready/],
    ["its architecture differs", facts({ architecture: "arm64" }), /architecture is arm64/],
    ["its CPU lacks a feature", facts({ cpuFeatures: ["sse4_2"] }), /the CPU lacks avx/],
    ["its cgroup version differs", facts({ cgroupVersion: 2 }), /cgroup version is 2/],
    [
      "its CRIU is too old for its kernel",
      facts({ criuVersion: "4.1.1" }),
      /does not work on kernel/,
    ],
    [
      "its CRIU is older than the source's",
      facts({ criuVersion: "4.0", kernel: "6.1.0" }),
      /older than the 4\.2\.1 that made the checkpoint/,
    ],
    ["memory is taken", { used: { memory: 3.5 * 2 ** 30 } }, /not enough memory: 1073741824 req/],
    ["cpu is taken", { used: { cpu: 1.6 } }, /not enough cpu: 500m requested, 400m free/],
    ["it runs as many pods as it may", { podCount: 110 }, /110 pods already/],
    ["its disk is full", facts({ freeBytes: 2 ** 30 }), /only 1024 MiB of disk/],
  ];
  it.each(refusals)("refuses a node and says why when %s", (_why, over, reason) => {
    const status = choose([candidate("node-1", over)]);
    expect(status.phase).toBe("Failed");
    expect(status.error?.code).toBe("refused");
    expect(status.error?.message).toMatch(reason);
    expect(status.error?.hint).toBeTruthy();
  });

  it("lists every node with its reason", () => {
    const nodes = [1, 2, 3, 4, 5].map((id) => candidate(`node-${id}`, { facts: undefined }));
    const status = choose(nodes);
    expect(status.error?.logLines).toHaveLength(5);
    expect(status.error?.logLines?.[4]).toBe("node-5: no agent runs there");
    expect(status.error?.message).toMatch(/and 2 more/);
  });

  it("waits a little for what may pass, and not for what stays", () => {
    const young = makeRestore({}, { metadata: { creationTimestamp: ago(5) } });
    const full = candidate("node-1", { used: { memory: 2 ** 32 } });
    expect(choose([full], young)).toMatchObject({
      phase: "Pending",
      conditions: [{ status: "False", reason: "NoNodeYet" }],
    });
    expect(choose([full]).phase).toBe("Failed");
    const foreign = candidate("node-1", facts({ architecture: "arm64" }));
    expect(choose([foreign], young).phase).toBe("Failed");
  });

  const placements: readonly [string, Partial<Placement>, "Scheduled" | "Failed"][] = [
    [
      "a toleration of the taint's key",
      { tolerations: [{ key: "gpu", operator: "Exists" }] },
      "Scheduled",
    ],
    ["a toleration of everything", { tolerations: [{ operator: "Exists" }] }, "Scheduled"],
    ["a toleration of another value", { tolerations: [{ key: "gpu", value: "no" }] }, "Failed"],
    [
      "a toleration of another effect",
      { tolerations: [{ key: "gpu", operator: "Exists", effect: "NoExecute" }] },
      "Failed",
    ],
  ];
  it.each(placements)("looks at taints: %s", (_what, placement, phase) => {
    const taints = [{ key: "gpu", value: "yes", effect: "NoSchedule" as const }];
    const checkpoint = makeCheckpoint(
      finished({ placement: { requests: {}, images: [], ...placement } }),
    );
    const tainted = candidate("node-1", { node: makeNode("node-1", { taints }) });
    expect(choose([tainted], makeRestore({}, old), checkpoint).phase).toBe(phase);
  });

  const selections: readonly [string, Partial<Placement>, "Scheduled" | "Failed"][] = [
    ["a node selector that holds", { nodeSelector: { zone: "a" } }, "Scheduled"],
    ["a node selector that does not", { nodeSelector: { zone: "b" } }, "Failed"],
    ["In", affinity("zone", "In", ["a", "b"]), "Scheduled"],
    ["NotIn", affinity("zone", "NotIn", ["a"]), "Failed"],
    ["Exists", affinity("disk", "Exists"), "Failed"],
    ["DoesNotExist", affinity("disk", "DoesNotExist"), "Scheduled"],
    ["Gt on a label that is no number", affinity("zone", "Gt", ["1"]), "Failed"],
  ];
  it.each(selections)("looks at the pod's node selection: %s", (_what, placement, phase) => {
    const checkpoint = makeCheckpoint(
      finished({ placement: { requests: {}, images: [], ...placement } }),
    );
    expect(choose([candidate("node-1")], makeRestore({}, old), checkpoint).phase).toBe(phase);
  });

  it("refuses a wanted node that does not exist and names those that do", () => {
    const restore = makeRestore({}, { spec: { nodeName: "node-9" } });
    const status = choose([candidate("node-1")], restore);
    expect(status.error).toMatchObject({ code: "not-found", hint: "use one of: node-1" });
  });
});

describe("the checkpoint of a restore", () => {
  const elsewhere = makeRestore(
    {},
    { metadata: { namespace: "other" }, spec: { checkpointNamespace: "team" } },
  );
  const shared = (value: string) =>
    makeCheckpoint(finished(), { metadata: { annotations: { [annotations.restoreFrom]: value } } });

  it("must be of the same namespace unless its owner allows the other one", () => {
    const nodes = [candidate("node-1")];
    expect(choose(nodes, elsewhere, shared("a, other")).phase).toBe("Scheduled");
    expect(choose(nodes, elsewhere, shared("another")).error?.code).toBe("not-found");
    expect(choose(nodes, elsewhere, makeCheckpoint(finished())).error?.code).toBe("not-found");
  });

  it("does not show by its answer whether another namespace holds a checkpoint", () => {
    const around = { candidates: [candidate("node-1")], now };
    const absent = chooseNode(elsewhere, { ...around, checkpoint: undefined });
    const closed = chooseNode(elsewhere, { ...around, checkpoint: makeCheckpoint(finished()) });
    expect(absent).toEqual(closed);
  });

  it("is waited for while it is being made, and refused when it failed", () => {
    const nodes = [candidate("node-1")];
    expect(
      choose(nodes, makeRestore({}, old), makeCheckpoint({ phase: "Uploading" })),
    ).toMatchObject({
      phase: "Pending",
      conditions: [{ reason: "CheckpointUnfinished" }],
    });
    const failed = makeCheckpoint({ phase: "Failed", error: { code: "criu", message: "no" } });
    expect(choose(nodes, makeRestore(), failed).error?.message).toMatch(/failed: no/);
  });
});

function affinity(key: string, operator: string, values?: readonly string[]): Partial<Placement> {
  const requirement = { key, operator, ...(values ? { values } : {}) };
  return { requiredNodeAffinity: [{ matchExpressions: [requirement] }] };
}
