import { beforeEach, describe, expect, test } from "vitest";
import { drainNode, type DrainOptions } from "#bootstrap/pools/drain";
import { systemClock } from "#core/clock";
import type { ReportEvent } from "#core/report";
import type { KubeObject } from "#kube/kube";
import { nodes, pods, type Node } from "#kube/resources";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";

const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
const blockedBy = "The disruption budget web needs 2 healthy pods and has 2 currently";
const busy = {
  status: 429,
  body: JSON.stringify({ details: { causes: [{ message: blockedBy }] } }),
};

function pod(name: string, owner: string | undefined, more: object = {}): KubeObject {
  const owners =
    owner === undefined
      ? {}
      : {
          ownerReferences: [
            { apiVersion: "v1", kind: owner, name: "o", uid: "o", controller: true },
          ],
        };
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: { name, namespace: "default", uid: `uid-${name}`, ...owners, ...more },
    ...{ spec: { nodeName: "n1", containers: [] }, status: { phase: "Running" } },
  };
}

let kube: FakeKube;
let evictions: string[];
let notes: ReportEvent[];

/** Evicts at once, except for pods that `held` names. */
function start(held: readonly string[], ...seeds: readonly KubeObject[]): void {
  kube = createFakeKube([{ ...node, spec: {} } as KubeObject, ...seeds]);
  kube.answerRaw = (method, path, body) => {
    const name = /pods\/([^/]+)\/eviction$/.exec(path)?.[1] ?? "";
    evictions.push(`${method} ${name}`);
    expect(JSON.parse(body ?? "")).toMatchObject({
      kind: "Eviction",
      deleteOptions: { preconditions: { uid: `uid-${name}` } },
    });
    if (held.includes(name)) return busy;
    void kube.remove(pods, { name, namespace: "default" });
    return { status: 201, body: "{}" };
  };
}

beforeEach(() => {
  evictions = [];
  notes = [];
});

function drain(options: Partial<DrainOptions> = {}): Promise<void> {
  let now = 0;
  const clock = {
    ...systemClock,
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const report = (event: ReportEvent) => notes.push(event);
  return drainNode(kube, "n1", { timeoutMs: 10_000, force: false, ...options }, { clock, report });
}

describe("draining a node (H4)", () => {
  test("cordons it, evicts what controllers make anew, and leaves the rest", async () => {
    const mirror = { annotations: { "kubernetes.io/config.mirror": "x" } };
    start([], pod("web", "ReplicaSet"), pod("agent", "DaemonSet"), pod("etcd", "Node", mirror));
    await drain();
    expect(kube.peek<Node>(nodes, { name: "n1" })?.spec.unschedulable).toBe(true);
    expect(evictions).toEqual(["POST web"]);
  });

  test("names the disruption budget that holds a pod, and deletes nothing", async () => {
    start(["web"], pod("web", "ReplicaSet"));
    await expect(drain()).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("default/web: the disruption budget web needs 2") as string,
      hint: expect.stringContaining("--force") as string,
    });
    expect(kube.calls.some(({ verb }) => verb === "remove")).toBe(false);
    expect(notes).toHaveLength(1);
  });

  test("deletes what is held with --force, only after the time is over", async () => {
    start(["web"], pod("web", "ReplicaSet"));
    await drain({ force: true });
    expect(evictions.length).toBeGreaterThan(3);
    expect(kube.peek(pods, { name: "web", namespace: "default" })).toBeUndefined();
  });

  test("never strips finalizers: a pod that has one stays to be ended by its owner", async () => {
    start(["web"], pod("web", "ReplicaSet", { finalizers: ["example.org/keep"] }));
    await drain({ force: true });
    expect(kube.peek(pods, { name: "web", namespace: "default" })?.metadata.finalizers).toEqual([
      "example.org/keep",
    ]);
  });

  test("refuses to lose a pod that nobody makes anew", async () => {
    start([], pod("notebook", undefined));
    await expect(drain()).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("default/notebook") as string,
    });
    expect(evictions).toEqual([]);
    await drain({ force: true });
    expect(evictions).toEqual(["POST notebook"]);
  });
});
