import { afterEach, describe, expect, it } from "vitest";
import { restores, type Checkpoint, type RestoreStatus } from "#checkpoint/api/types";
import { requestRestore, type RestoreRequest } from "#checkpoint/engine/request-restore";
import { ClouderError, hasCode } from "#core/error";
import { pods } from "#kube/resources";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import {
  followed,
  handClock,
  playAgent,
  runningPod,
  tick,
} from "#test/unit/checkpoint/engine/scripted-agent";

const older = "20261120t100000z-aaaaa";
const newer = "20261121t100000z-bbbbb";

function completed(id: string, changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "Checkpoint",
    spec: { podName: "notebook" },
    status: { phase: "Completed", nodeName: "node-1" },
    ...changes,
    metadata: { name: id, namespace: "alice", ...changes.metadata },
  };
}

const request: RestoreRequest = {
  idOrPod: "notebook",
  namespace: "alice",
  fromNamespace: undefined,
  podName: undefined,
  nodeName: undefined,
  replace: false,
  dryRun: false,
  wait: true,
};
const podTemplate = { metadata: {}, spec: { containers: [{ name: "main", image: "i" }] } };
const staged: readonly RestoreStatus[] = [
  { phase: "Scheduled", nodeName: "node-2" },
  { phase: "Staging", progress: { doneBytes: 1, totalBytes: 2 } },
  { phase: "Staged", nodeName: "node-2", podTemplate },
];
const happy: readonly RestoreStatus[] = [...staged, { phase: "Restoring" }, { phase: "Completed" }];

let stopAgent = () => undefined as unknown;
afterEach(() => stopAgent());

function cluster(
  states: readonly RestoreStatus[] = happy,
  more: readonly Checkpoint[] = [],
): FakeKube {
  const failed = completed("20261122t100000z-ccccc", { status: { phase: "Failed" } });
  const kube = createFakeKube([completed(older), completed(newer), failed, ...more]);
  stopAgent = playAgent(kube, { restore: states }).stop;
  return kube;
}

const notebook = { name: "notebook", namespace: "alice" };
const run = (kube: FakeKube, changes: Partial<RestoreRequest> = {}) =>
  requestRestore({ ...request, ...changes }, followed(kube, handClock()));

it("takes a pod's newest completed checkpoint and creates the pod on the staged node", async () => {
  const kube = cluster();
  const { restore, pod } = await run(kube);
  expect(restore.spec).toEqual({ checkpointName: newer, podName: "notebook" });
  expect(restore.status?.phase).toBe("Completed");
  expect(pod.metadata.annotations?.["clouder.datalayer.io/restore"]).toBe(restore.metadata.uid);
  expect(pod.spec.runtimeClassName).toBe("clouder");
  expect(JSON.stringify(pod.spec.affinity)).toContain("node-2");
  expect(kube.peek(pods, notebook)).toBeDefined();
});

it("L1: hands on the labels that the node must have", async () => {
  const nodeSelector = { zone: "a" };
  const { restore } = await run(cluster(), { nodeSelector });
  expect(restore.spec.nodeSelector).toEqual(nodeSelector);
});

it("takes the checkpoint of an id, another name and a wanted node", async () => {
  const kube = cluster();
  kube.seed({ apiVersion: "v1", kind: "Node", metadata: { name: "node-3" } });
  const { restore } = await run(kube, { idOrPod: older, podName: "copy", nodeName: "node-3" });
  expect(restore.spec).toEqual({ checkpointName: older, podName: "copy", nodeName: "node-3" });
  expect(kube.peek(pods, { name: "copy", namespace: "alice" })).toBeDefined();
});

describe("refuses before anything is created:", () => {
  const cases: readonly [string, Partial<RestoreRequest>, string, RegExp][] = [
    ["an unknown id", { idOrPod: "20200101t000000z-aaaaa" }, "not-found", /20200101t000000z-aaaaa/],
    ["a pod without checkpoints", { idOrPod: "nobody" }, "not-found", /nobody/],
    ["an unfinished checkpoint", { idOrPod: "20261122t100000z-ccccc" }, "refused", /Failed/],
    ["an unknown node", { nodeName: "mars" }, "not-found", /mars/],
    ["a name that is taken", { podName: "taken" }, "exists", /taken/],
    ["another namespace", { namespace: "bob", fromNamespace: "alice" }, "denied", /bob/],
  ];
  it.each(cases)("%s", async (_title, changes, code, message) => {
    const kube = cluster();
    kube.seed(runningPod("taken"));
    const error = await run(kube, changes).catch((thrown: unknown) => thrown);
    expect(hasCode(error, code as "denied")).toBe(true);
    expect((error as ClouderError).message).toMatch(message);
    expect((error as ClouderError).hint).toBeTruthy();
    expect(await kube.list(restores)).toEqual([]);
  });
});

it("restores into a namespace that the checkpoint's owner has opened", async () => {
  const open = completed("20261123t100000z-ddddd", {
    metadata: {
      name: "20261123t100000z-ddddd",
      namespace: "alice",
      annotations: { "clouder.datalayer.io/allow-restore-in": "carol, bob" },
    },
  });
  const kube = cluster(happy, [open]);
  const { restore } = await run(kube, { namespace: "bob", fromNamespace: "alice" });
  expect(restore.spec).toMatchObject({ checkpointNamespace: "alice" });
  expect(restore.metadata.namespace).toBe("bob");
});

describe("--replace", () => {
  it("deletes the old pod once everything is staged", async () => {
    const kube = cluster();
    kube.seed(runningPod("notebook"));
    const { pod } = await run(kube, { replace: true });
    expect(kube.peek(pods, notebook)?.metadata.uid).toBe(pod.metadata.uid);
    expect(pod.metadata.uid).not.toBe("uid-of-notebook");
  });

  it("keeps the old pod when staging fails", async () => {
    const error = { code: "integrity", message: "frame 3 of main.tar.zst is damaged" };
    const kube = cluster([{ phase: "Failed", error }]);
    kube.seed(runningPod("notebook"));
    await expect(run(kube, { replace: true })).rejects.toMatchObject(error);
    expect(kube.peek(pods, notebook)?.metadata.uid).toBe("uid-of-notebook");
  });

  it("keeps the old pod when admission would refuse the new one", async () => {
    const kube = cluster();
    kube.seed(runningPod("notebook"));
    kube.intercept = ({ verb, kind }) => {
      if (verb === "create" && kind === "Pod") throw new ClouderError("denied", "policy says no");
    };
    await expect(run(kube, { replace: true })).rejects.toMatchObject({ code: "denied" });
    expect(kube.peek(pods, notebook)?.metadata.uid).toBe("uid-of-notebook");
    expect(await kube.list(restores)).toEqual([]);
  });
});

it("--dry-run shows the pod, creates none and takes the staged data back", async () => {
  const kube = cluster();
  kube.seed(runningPod("notebook"));
  const { pod } = await run(kube, { dryRun: true });
  expect(pod.metadata.name).toBe("notebook");
  expect(kube.peek(pods, notebook)?.metadata.uid).toBe("uid-of-notebook");
  expect(await kube.list(restores)).toEqual([]);
});

it("without waiting returns once the pod is created", async () => {
  const kube = cluster(staged);
  const { restore, pod } = await run(kube, { wait: false });
  expect(restore.status?.phase).toBe("Staged");
  expect(kube.peek(pods, notebook)?.metadata.uid).toBe(pod.metadata.uid);
});

it("a failure deletes the pod it made, keeps the Restore that says why, and shows the log lines", async () => {
  const error = { code: "criu", message: "restore of main failed", logLines: ["Error: no mount"] };
  const kube = cluster([...staged, { phase: "Restoring" }, { phase: "Failed", error }]);
  await expect(run(kube)).rejects.toMatchObject({
    code: "criu",
    details: { logLines: error.logLines },
  });
  expect(kube.peek(pods, notebook)).toBeUndefined();
  expect(await kube.list(restores)).toHaveLength(1);
});

it("an abort takes back the pod and the Restore", async () => {
  const kube = cluster([...staged, { phase: "Restoring" }]);
  const following = followed(kube, handClock());
  const failure = requestRestore(request, following);
  failure.catch(() => undefined);
  for (let i = 0; i < 10 && !kube.peek(pods, notebook); i += 1) await tick();
  expect(kube.peek(pods, notebook)).toBeDefined();
  following.cancel();
  await expect(failure).rejects.toSatisfy((error) => hasCode(error, "cancelled"));
  expect(kube.peek(pods, notebook)).toBeUndefined();
  expect(await kube.list(restores)).toEqual([]);
});

it("a Restore that a user may not create leaves nothing behind", async () => {
  const kube = cluster();
  kube.intercept = ({ verb, kind }) => {
    if (verb === "create" && kind === "Restore") throw new ClouderError("denied", "forbidden");
  };
  await expect(run(kube)).rejects.toMatchObject({ code: "denied" });
  expect(kube.peek(pods, notebook)).toBeUndefined();
});

it("says once what holds the new pod up, and is silent about what it may not read", async () => {
  const kube = cluster([...staged, { phase: "Restoring" }]);
  const clock = handClock();
  const following = followed(kube, clock);
  const pending = requestRestore(request, following);
  pending.catch(() => undefined);
  for (let i = 0; i < 20 && !kube.peek(pods, notebook); i += 1) await tick();
  const { uid = "" } = kube.peek(pods, notebook)?.metadata ?? {};
  await kube.patch(
    pods,
    notebook,
    {
      status: {
        conditions: [{ type: "PodScheduled", status: "False", message: "0/2 nodes fit" }],
        containerStatuses: [
          { name: "main", state: { waiting: { reason: "ErrImageNeverPull", message: "absent" } } },
          { name: "other", state: { waiting: { reason: "ContainerCreating" } } },
        ],
      },
    },
    "status",
  );
  kube.seed({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "e", namespace: "alice" },
    ...{ involvedObject: { uid }, type: "Warning", reason: "FailedMount", message: "no volume" },
  });
  for (const denied of [false, false, true]) {
    kube.intercept = ({ verb }) => {
      if (denied && verb === "list") throw new ClouderError("denied", "no");
    };
    clock.pass(3000);
    await tick();
    await tick();
  }
  const notes = following.events.flatMap((event) => (event.type === "note" ? event.message : []));
  expect(notes).toEqual([
    "not scheduled: 0/2 nodes fit",
    "container main: ErrImageNeverPull absent",
    "FailedMount: no volume",
  ]);
  following.cancel();
  await expect(pending).rejects.toSatisfy((error) => hasCode(error, "cancelled"));
});
