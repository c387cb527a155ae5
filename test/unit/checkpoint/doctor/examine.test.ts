import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Kube, KubeObject } from "#kube/kube";
import type { NodeFacts } from "#checkpoint/api/types";
import { crds } from "#checkpoint/api/crds";
import { examine } from "#checkpoint/doctor/examine";
import { checkGroups } from "#checkpoint/doctor/registry";
import { ClouderError } from "#core/error";
import { silent } from "#core/report";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import {
  ago,
  factsMap,
  makeFacts,
  makeNode,
  makePod,
  makeStore,
  now,
} from "#test/unit/checkpoint/controller/objects";

let fake: FakeKube;
let kube: Kube;
let denied: ReadonlySet<string>;
let config: object | number;
let version: string;
const well = {
  observedGeneration: 9,
  desiredNumberScheduled: 1,
  updatedNumberScheduled: 1,
  numberReady: 1,
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
};
const system = (kind: string, name: string, status: object = well): KubeObject =>
  ({
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "clouder-system" },
    spec: { replicas: 2 },
    status,
  }) as KubeObject;

/** A cluster where all is well; `facts` and objects of the same names replace those in it. */
function cluster(facts: Partial<NodeFacts> | undefined = {}, ...objects: readonly KubeObject[]) {
  const node = makeNode("node-1");
  const info = { kubeletVersion: "v1.36.3" };
  fake = createFakeKube([
    { ...node, status: { ...node.status, nodeInfo: info } } as KubeObject,
    ...crds.map((crd) => ({
      ...crd,
      status: { conditions: [{ type: "Established", status: "True" }] },
    })),
    {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "clouder" },
      handler: "clouder",
    } as KubeObject,
    system("DaemonSet", "clouder-agent"),
    system("Deployment", "clouder-controller"),
    makeStore("folder", { url: "file:///var/lib/clouder/store" }),
    factsMap(makeFacts("node-1", { storeFolders: ["/var/lib/clouder/store"], ...facts })),
    ...objects,
  ]);
  fake.answerRaw = (_method, path) => {
    if (path === "/version") return { status: 200, body: JSON.stringify({ gitVersion: version }) };
    if (typeof config === "number") return { status: config, body: "no" };
    return { status: 200, body: JSON.stringify({ kubeletconfig: config }) };
  };
  kube = {
    ...fake,
    raw: (...call) => fake.raw(...call),
    create: async (resource, object, options) => {
      if (resource.kind !== "SelfSubjectAccessReview")
        return fake.create(resource, object, options);
      const { spec } = object as unknown as { spec: { resourceAttributes: { resource: string } } };
      return { ...object, status: { allowed: !denied.has(spec.resourceAttributes.resource) } };
    },
  };
}

const look = (nodeName?: string) =>
  examine(
    { namespace: "team", nodeName },
    {
      kube,
      clock: { now: () => now, sleep: () => Promise.resolve() },
      report: silent,
      signal: new AbortController().signal,
    },
  );

const bad = async () => (await look()).filter(({ level }) => level !== "ok");

beforeEach(() => {
  denied = new Set();
  config = { seccompDefault: true };
  version = "v1.36.3";
  cluster();
});

describe("the doctor", () => {
  it("finds nothing wrong where all is well", async () => {
    expect(await bad()).toEqual([]);
    expect((await look()).length).toBeGreaterThan(15);
  });

  const problem = {
    name: "runtime-entry",
    level: "fail",
    message: "no entry",
    cure: "write it",
  } as const;
  const cases: readonly [string, () => void, readonly [string, string, RegExp]][] = [
    ["an old API server", () => (version = "v1.24.1"), ["api-server", "fail", /cannot checkpoint/]],
    [
      "the endpoint's gate off by default",
      () => (version = "v1.29.0"),
      ["api-server", "warn", /switched off/],
    ],
    [
      "the gate switched off",
      () => (config = { seccompDefault: true, featureGates: { ContainerCheckpoint: false } }),
      ["kubelet-route", "fail", /switched off/],
    ],
    [
      "the handlers switched off",
      () => (config = { enableDebuggingHandlers: false }),
      ["kubelet-route", "fail", /takes the checkpoint endpoint away/],
    ],
    [
      "the route missing",
      () => (config = 404),
      ["kubelet-route", "fail", /enableDebuggingHandlers/],
    ],
    [
      "a caller without nodes/proxy",
      () => (config = 403),
      ["kubelet-config", "warn", /you may not/],
    ],
    ["no seccomp default", () => (config = {}), ["seccomp-default", "warn", /io_uring/]],
    [
      "a caller who may not checkpoint",
      () => (denied = new Set(["restores"])),
      ["rights", "fail", /may not create restores/],
    ],
    [
      "a silent agent",
      () => {
        cluster({ observedAt: ago(300) });
      },
      ["agent", "fail", /silent since/],
    ],
    [
      "what the agent found",
      () => {
        cluster({ problems: [problem] });
      },
      ["runtime-entry", "fail", /no entry/],
    ],
    [
      "an old containerd",
      () => {
        cluster({ runtimeVersion: "containerd://1.7.27" });
      },
      ["runtime", "fail", /cannot checkpoint/],
    ],
    [
      "an untried runtime",
      () => {
        cluster({ runtimeVersion: "cri-o://1.36.0" });
      },
      ["runtime", "warn", /not a runtime/],
    ],
    [
      "old archives",
      () => {
        cluster({ checkpointBytes: 2 ** 31 });
      },
      ["archives", "warn", /2\.0 GiB of archives/],
    ],
    [
      "a store no agent can write to",
      () => {
        cluster({ storeFolders: [] });
      },
      ["store", "fail", /cannot write there/],
    ],
    [
      "several stores without a default",
      () => {
        cluster({}, makeStore("other", { url: "file:///var/lib/clouder/store" }));
      },
      ["default-store", "warn", /no store is the default/],
    ],
    [
      "agents that are not ready",
      () => {
        cluster({}, system("DaemonSet", "clouder-agent", { ...well, numberReady: 0 }));
      },
      ["clouder-agent", "fail", /0 of 1/],
    ],
    [
      "a foreign RuntimeClass",
      () => {
        cluster({}, {
          apiVersion: "node.k8s.io/v1",
          kind: "RuntimeClass",
          metadata: { name: "clouder" },
          handler: "runc",
        } as KubeObject);
      },
      ["runtime-class", "fail", /names the handler runc/],
    ],
    [
      "too little room for the largest pod",
      () => {
        const container = { name: "a", resources: { limits: { memory: "16Gi" } } };
        cluster(
          { freeBytes: 20 * 2 ** 30, pagesDivertible: false },
          makePod({ containers: [container] }),
        );
      },
      ["space", "warn", /may need 64\.0 GiB/],
    ],
  ];
  it.each(cases)("tells of %s, with the cure", async (_what, prepare, [check, level, message]) => {
    prepare();
    // A silent agent cannot speak for its store folder either: that line is the same trouble again.
    const findings = (await bad()).filter((one) => one.check === check || one.check !== "store");
    expect(findings).toEqual([
      expect.objectContaining({ check, level, message: expect.stringMatching(message) as string }),
    ]);
    expect(findings[0]?.cure).toBeTruthy();
  });

  it("tells what is missing where nothing is installed", async () => {
    fake = createFakeKube([makeNode("node-1")]);
    kube = { ...kube, get: (...call) => fake.get(...call), list: (...call) => fake.list(...call) };
    const failed = (await bad()).map(({ check }) => check);
    expect(failed).toEqual(
      expect.arrayContaining([
        "kinds",
        "runtime-class",
        "clouder-agent",
        "clouder-controller",
        "agent",
        "default-store",
      ]),
    );
  });

  it("makes a line of a group that could not look, and goes on with the others", async () => {
    fake.intercept = ({ kind }) => {
      if (kind === "CheckpointStore") throw new ClouderError("denied", "stores are not for you");
    };
    expect(await bad()).toEqual([
      expect.objectContaining({
        check: "stores",
        level: "fail",
        message: "could not look: stores are not for you",
      }),
    ]);
  });

  it("with --node looks at that node only, and knows when there is none of that name", async () => {
    cluster({}, makeNode("node-2"));
    const subjects = new Set((await look("node-1")).map(({ subject }) => subject));
    expect([...subjects]).toEqual(["node node-1"]);
    await expect(look("node-9")).rejects.toMatchObject({
      code: "not-found",
      hint: "use one of: node-1, node-2",
    });
  });

  it("has every file of its checks in the registry", () => {
    const folder = join(import.meta.dirname, "../../../../checkpoint/doctor/checks");
    expect(readdirSync(folder)).toHaveLength(checkGroups.length);
  });
});
