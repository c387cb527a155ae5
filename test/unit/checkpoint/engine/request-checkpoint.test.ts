import { afterEach, describe, expect, it } from "vitest";
import { checkpoints, type Checkpoint, type CheckpointStatus } from "#checkpoint/api/types";
import { requestCheckpoint, type CheckpointRequest } from "#checkpoint/engine/request-checkpoint";
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

const request: CheckpointRequest = {
  namespace: "alice",
  podName: "notebook",
  containers: [],
  storeName: undefined,
  stop: false,
  wait: true,
};
const happy: readonly CheckpointStatus[] = [
  { phase: "Scheduled", nodeName: "node-1" },
  { phase: "Checkpointing", hints: ["the plain way"] },
  { phase: "Uploading", progress: { doneBytes: 5, totalBytes: 10 } },
  { phase: "Uploading", progress: { doneBytes: 10, totalBytes: 10 } },
  { phase: "Completed", rawBytes: 10, location: "s3://b/alice/notebook/x/" },
];

let stopAgent = () => undefined as unknown;
afterEach(() => stopAgent());

function cluster(states: readonly CheckpointStatus[] = happy): FakeKube {
  const kube = createFakeKube([runningPod("notebook")]);
  stopAgent = playAgent(kube, { checkpoint: states }).stop;
  return kube;
}

async function stored(kube: FakeKube): Promise<readonly Checkpoint[]> {
  return kube.list(checkpoints);
}

it("creates a Checkpoint that names the pod by name and uid, and gives the completed one", async () => {
  const kube = cluster();
  const done = await requestCheckpoint(request, followed(kube, handClock()));
  expect(done.status?.phase).toBe("Completed");
  expect(done.metadata.name).toMatch(/^20261121t042036z-[a-z0-9]{5}$/);
  expect(done.spec).toEqual({ podName: "notebook", podUID: "uid-of-notebook" });
  expect(done.metadata.labels).toEqual({ "clouder.datalayer.io/pod": "notebook" });
});

it("passes on containers, each once, and the store", async () => {
  const kube = cluster();
  kube.seed({
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "CheckpointStore",
    metadata: { name: "s3" },
  });
  const wanted = { ...request, containers: ["helper", "helper"], storeName: "s3" };
  const done = await requestCheckpoint(wanted, followed(kube, handClock()));
  expect(done.spec).toMatchObject({ containers: ["helper"], storeName: "s3" });
});

it("reports the phases as steps, the bytes as progress, and each hint once", async () => {
  const following = followed(cluster(), handClock());
  await requestCheckpoint(request, following);
  const shown = following.events.map((event) =>
    event.type === "note" ? event.message : `${event.type} ${event.step}`,
  );
  expect(shown).toEqual([
    "step-started pending",
    "step-done pending",
    "step-started scheduled",
    "step-done scheduled",
    "step-started checkpointing",
    "the plain way",
    "step-done checkpointing",
    "step-started uploading",
    "step-progress uploading",
    "step-progress uploading",
    "step-done uploading",
  ]);
});

it("rejects with the agent's error: code, cure and the decisive log lines", async () => {
  const error = {
    code: "criu",
    message: "CRIU could not dump container main",
    hint: "close the io_uring",
    logLines: ["Error: unknown file"],
  };
  const kube = cluster([{ phase: "Failed", error }]);
  await expect(requestCheckpoint(request, followed(kube, handClock()))).rejects.toMatchObject({
    code: "criu",
    message: error.message,
    hint: error.hint,
    details: { logLines: error.logLines },
  });
  expect(await stored(kube)).toHaveLength(1);
});

describe("what can be known to be wrong is refused before anything is created:", () => {
  const cases: readonly [string, Partial<CheckpointRequest>, object, RegExp, RegExp][] = [
    ["a pod that is not there", { podName: "notbook" }, {}, /notbook.*alice/, /get pods -n alice/],
    ["a pod that does not run", {}, { status: { phase: "Pending" } }, /Pending/, /describe pod/],
    ["an unknown container", { containers: ["mian"] }, {}, /mian/, /main, helper/],
    ["an unknown store", { storeName: "moon" }, {}, /moon/, /store list/],
    ["--stop without waiting", { stop: true, wait: false }, {}, /--stop/, /stored/],
  ];
  it.each(cases)("%s", async (_title, wanted, podChanges, message, hint) => {
    const kube = createFakeKube([{ ...runningPod("notebook"), ...podChanges }]);
    const failure = requestCheckpoint({ ...request, ...wanted }, followed(kube, handClock()));
    const error = await failure.catch((thrown: unknown) => thrown as ClouderError);
    expect((error as ClouderError).message).toMatch(message);
    expect((error as ClouderError).hint).toMatch(hint);
    expect(await stored(kube)).toEqual([]);
  });
});

it("goes on when the user may not read stores: the controller looks again", async () => {
  const kube = cluster();
  kube.intercept = ({ kind, verb }) => {
    if (kind === "CheckpointStore" && verb === "get") throw new ClouderError("denied", "no");
  };
  const done = await requestCheckpoint(
    { ...request, storeName: "s3" },
    followed(kube, handClock()),
  );
  expect(done.spec.storeName).toBe("s3");
});

it("without waiting gives the Checkpoint as it was created", async () => {
  const kube = createFakeKube([runningPod("notebook")]);
  const made = await requestCheckpoint({ ...request, wait: false }, followed(kube, handClock()));
  expect(made.status).toBeUndefined();
  expect(await stored(kube)).toHaveLength(1);
});

it("--stop deletes exactly the checkpointed pod, and only after Completed", async () => {
  const kube = cluster();
  const following = followed(kube, handClock());
  await requestCheckpoint({ ...request, stop: true }, following);
  expect(kube.peek(pods, { name: "notebook", namespace: "alice" })).toBeUndefined();
  expect(following.events.at(-1)).toMatchObject({ type: "step-done", step: "stop" });
});

it("--stop leaves a namesake that was made meanwhile alone", async () => {
  const kube = cluster();
  kube.intercept = ({ verb, kind }) => {
    if (verb !== "remove" || kind !== "Pod") return;
    kube.intercept = undefined;
    kube.seed({
      ...runningPod("notebook"),
      metadata: { name: "notebook", namespace: "alice", uid: "another" },
    });
  };
  await requestCheckpoint({ ...request, stop: true }, followed(kube, handClock()));
  expect(kube.peek(pods, { name: "notebook", namespace: "alice" })?.metadata.uid).toBe("another");
});

it("--stop keeps the pod when the checkpoint failed", async () => {
  const kube = cluster([{ phase: "Failed", error: { code: "no-space", message: "full" } }]);
  await expect(
    requestCheckpoint({ ...request, stop: true }, followed(kube, handClock())),
  ).rejects.toSatisfy((error) => hasCode(error, "no-space"));
  expect(kube.peek(pods, { name: "notebook", namespace: "alice" })).toBeDefined();
});

it("an abort removes the unfinished Checkpoint and says so", async () => {
  const kube = cluster([{ phase: "Scheduled", nodeName: "node-1" }]);
  const following = followed(kube, handClock());
  const failure = requestCheckpoint(request, following);
  failure.catch(() => undefined);
  await tick();
  expect(await stored(kube)).toHaveLength(1);
  following.cancel();
  await expect(failure).rejects.toSatisfy((error) => hasCode(error, "cancelled"));
  expect(await stored(kube)).toEqual([]);
  expect(following.events.at(-1)).toMatchObject({
    type: "note",
    message: expect.stringMatching(/given up/) as string,
  });
});

it("says that nobody took it up, and a time limit ends the wait but not the Checkpoint", async () => {
  const kube = cluster([]);
  const clock = handClock();
  const following = followed(kube, clock, 60_000);
  const failure = requestCheckpoint(request, following);
  failure.catch(() => undefined);
  await tick();
  clock.pass(15_000);
  await tick();
  expect(following.events.at(-1)).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/controller/) as string,
  });
  clock.pass(45_000);
  await expect(failure).rejects.toSatisfy((error) => hasCode(error, "timeout"));
  expect(await stored(kube)).toHaveLength(1);
});

it("tells that it was deleted by somebody else meanwhile", async () => {
  const kube = cluster([]);
  const failure = requestCheckpoint(request, followed(kube, handClock()));
  failure.catch(() => undefined);
  await tick();
  const [made] = await stored(kube);
  await kube.remove(checkpoints, { name: made!.metadata.name, namespace: "alice" });
  await expect(failure).rejects.toSatisfy((error) => hasCode(error, "not-found"));
});

it("survives a watch that has to start again", async () => {
  const kube = cluster([{ phase: "Scheduled", nodeName: "node-1" }]);
  const following = followed(kube, handClock());
  const pending = requestCheckpoint(request, following);
  await tick();
  await tick();
  kube.resyncWatches();
  const [made] = await stored(kube);
  const name = { name: made!.metadata.name, namespace: "alice" };
  await kube.patch(checkpoints, name, { status: { phase: "Completed" } }, "status");
  expect((await pending).status?.phase).toBe("Completed");
});

it("says how to install when the cluster does not know Checkpoints", async () => {
  const kube = createFakeKube([runningPod("notebook")]);
  kube.intercept = ({ verb }) => {
    if (verb === "create") {
      throw new ClouderError("not-found", "unknown", { details: { unknownKind: true } });
    }
  };
  await expect(requestCheckpoint(request, followed(kube, handClock()))).rejects.toMatchObject({
    hint: expect.stringMatching(/kubectl clouder install/) as string,
  });
});
