import { beforeEach, describe, expect, it } from "vitest";
import type { Kube } from "#kube/kube";
import type { DaemonSet, Deployment } from "#kube/objects";
import { customResourceDefinitions, daemonSets, deployments, namespaces } from "#kube/resources";
import { checkpoints } from "#checkpoint/api/types";
import { install } from "#checkpoint/install/install";
import { installObjects } from "#checkpoint/install/objects";
import { daemonSetRollout, deploymentRollout } from "#kube/install/rollout";
import { installSettings } from "#checkpoint/install/settings";
import { countCheckpoints, uninstall } from "#checkpoint/install/uninstall";
import { silent } from "#core/report";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { makeCheckpoint, makePod } from "#test/unit/checkpoint/controller/objects";

const settings = installSettings({ image: "example/clouder:1", preemption: true });
const clock = {
  time: 0,
  now: () => clock.time,
  sleep: async (milliseconds: number) => {
    clock.time += milliseconds;
    await Promise.resolve();
  },
};

let fake: FakeKube;
let kube: Kube;
/** What the cluster's own controllers answer: kinds are served, workloads as this says. */
let workloads: object;

beforeEach(() => {
  fake = createFakeKube();
  workloads = {
    observedGeneration: 9,
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberReady: 2,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
  };
  const statuses: Readonly<Record<string, () => object>> = {
    CustomResourceDefinition: () => ({ conditions: [{ type: "Established", status: "True" }] }),
    DaemonSet: () => workloads,
    Deployment: () => workloads,
  };
  kube = {
    ...fake,
    get: async (resource, name) => {
      const found = await fake.get(resource, name);
      const status = statuses[resource.kind]?.();
      return status ? { ...found, status } : found;
    },
  };
});

const run = (over: { kube?: Kube; wait?: boolean } = {}) =>
  install(
    settings,
    { wait: over.wait ?? true },
    { kube: over.kube ?? kube, clock, report: silent, timeoutMs: 5_000 },
  );

describe("install", () => {
  it("makes everything, and the second time changes nothing and says so", async () => {
    const first = await run();
    expect(new Set(first.map(({ outcome }) => outcome))).toEqual(new Set(["created"]));
    expect(first).toHaveLength(installObjects(settings).length);
    const second = await run();
    expect(new Set(second.map(({ outcome }) => outcome))).toEqual(new Set(["unchanged"]));
  });

  it("puts right what somebody changed and names only that", async () => {
    await run();
    const name = { namespace: "clouder-system", name: "clouder-agent" };
    await fake.patch(daemonSets, name, { spec: { updateStrategy: { type: "OnDelete" } } });
    const changed = (await run()).filter(({ outcome }) => outcome !== "unchanged");
    expect(changed).toEqual([
      {
        object: "daemonset.apps/clouder-agent",
        namespace: "clouder-system",
        outcome: "configured",
      },
    ]);
  });

  it("goes on after it was ended half way", async () => {
    let applied = 0;
    fake.intercept = ({ verb }) => {
      if (verb === "apply" && (applied += 1) > 7) throw new Error("killed");
    };
    await expect(run()).rejects.toThrow("killed");
    fake.intercept = undefined;
    const outcomes = (await run()).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "unchanged")).toHaveLength(7);
    expect(
      fake.peek(deployments, { namespace: "clouder-system", name: "clouder-controller" }),
    ).toBeDefined();
  });

  it("says what the pods wait for when they do not become ready", async () => {
    workloads = { observedGeneration: 9, desiredNumberScheduled: 1, numberReady: 0 };
    const pod = makePod(
      {},
      {
        containerStatuses: [
          { name: "agent", ready: false, state: { waiting: { reason: "ImagePullBackOff" } } },
        ],
      },
    );
    fake.seed({
      ...pod,
      metadata: {
        ...pod.metadata,
        namespace: "clouder-system",
        labels: {
          "app.kubernetes.io/part-of": "kubectl-clouder",
          "app.kubernetes.io/component": "agent",
        },
      },
    });
    const ended = run();
    await expect(ended).rejects.toThrow(
      /clouder-agent being ready did not happen.*ImagePullBackOff/,
    );
    await expect(ended).rejects.toMatchObject({
      code: "timeout",
      hint: expect.stringMatching(/load-image/) as string,
    });
  });

  it("does not wait when it is told not to", async () => {
    workloads = {};
    await expect(run({ wait: false })).resolves.toBeDefined();
  });
});

describe("a rollout is done", () => {
  const set = (status: DaemonSet["status"]): DaemonSet => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "x", generation: 2 },
    spec: {},
    ...(status ? { status } : {}),
  });
  it.each([
    [
      "not before its controller saw the newest version",
      {
        observedGeneration: 1,
        desiredNumberScheduled: 1,
        updatedNumberScheduled: 1,
        numberReady: 1,
      },
      false,
    ],
    [
      "not while old pods are the ready ones",
      {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 1,
        numberReady: 2,
      },
      false,
    ],
    [
      "when all new pods are ready",
      {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberReady: 2,
      },
      true,
    ],
    ["not without a status", undefined, false],
  ])("%s", (_when, status, done) => {
    expect(daemonSetRollout(set(status)).done).toBe(done);
  });

  it("not while a Deployment still has pods of the old version", () => {
    const deployment: Deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "x", generation: 1 },
      spec: { replicas: 2 },
      status: { observedGeneration: 1, replicas: 3, updatedReplicas: 2, readyReplicas: 2 },
    };
    expect(deploymentRollout(deployment).done).toBe(false);
    expect(
      deploymentRollout({ ...deployment, status: { ...deployment.status, replicas: 2 } }).done,
    ).toBe(true);
  });
});

describe("uninstall", () => {
  const context = () => ({ kube, clock, report: silent, timeoutMs: 5_000 });
  const system = { name: "clouder-system" };

  it("keeps checkpoints, their kinds, and a namespace that holds credentials", async () => {
    await run();
    fake.seed(makeCheckpoint(), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s3", namespace: "clouder-system" },
    });
    const removed = await uninstall({ purge: false }, context());
    const kept = removed.filter(({ outcome }) => outcome === "kept").map(({ object }) => object);
    expect(kept).toContain("namespace/clouder-system");
    expect(kept).toHaveLength(5);
    expect(await countCheckpoints(kube)).toBe(1);
    expect(
      fake.peek(daemonSets, { namespace: "clouder-system", name: "clouder-agent" }),
    ).toBeUndefined();
    expect(fake.peek(namespaces, system)).toBeDefined();
  });

  it("removes an empty namespace, and is no error the second time", async () => {
    await run();
    await uninstall({ purge: false }, context());
    expect(fake.peek(namespaces, system)).toBeUndefined();
    const again = await uninstall({ purge: false }, context());
    expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(["absent", "kept"]));
  });

  it("does not touch a namesake that is not ours", async () => {
    fake.seed({
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "clouder" },
    });
    await expect(uninstall({ purge: false }, context())).rejects.toMatchObject({ code: "refused" });
  });

  it("with --purge deletes the checkpoints while the agents still run, then the kinds", async () => {
    await run();
    fake.seed(makeCheckpoint());
    const removed = await uninstall({ purge: true }, context());
    expect(removed.every(({ outcome }) => outcome === "removed")).toBe(true);
    const order = fake.calls.filter(({ verb }) => verb === "remove").map(({ kind }) => kind);
    expect(order.indexOf("Checkpoint")).toBeLessThan(order.indexOf("DaemonSet"));
    expect(
      fake.peek(customResourceDefinitions, { name: "checkpoints.clouder.datalayer.io" }),
    ).toBeUndefined();
  });

  it("with --purge stops before the agents go when stored data cannot be deleted", async () => {
    await run();
    fake.seed(
      makeCheckpoint({}, { metadata: { finalizers: ["clouder.datalayer.io/stored-data"] } }),
    );
    await expect(uninstall({ purge: true }, context())).rejects.toMatchObject({ code: "timeout" });
    expect(
      fake.peek(daemonSets, { namespace: "clouder-system", name: "clouder-agent" }),
    ).toBeDefined();
    expect(fake.peek(checkpoints, { namespace: "team", name: "c1" })).toBeDefined();
  });
});
