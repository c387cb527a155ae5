import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import { pods } from "#kube/resources";
import { annotations } from "#checkpoint/api/names";
import { checkpoints, restores } from "#checkpoint/api/types";
import {
  makeWorld,
  nodeName,
  restoreUID,
  until,
  type World,
} from "#test/integration/checkpoint/agent-world";

const id = "20261121t040000z-abcde";

describe("an agent with a Restore of its node", () => {
  let world: World;
  let agent: ReturnType<World["start"]>;
  let memory: ReadonlyMap<string, Buffer>;

  beforeEach(async () => {
    world = await makeWorld();
    ({ memory } = world.addPod("counter", ["main", "side"]));
    world.addCheckpoint(id, "counter");
    agent = world.start();
    await until("the checkpoint", () => world.checkpoint(id)?.status?.phase === "Completed");
  });
  afterEach(async () => {
    await agent.stop();
    await world.close();
  });

  const staged = () => join(world.folder("restores"), restoreUID);
  const phaseOf = (phase: string, namespace = "default") =>
    until(`phase ${phase}`, () => {
      const status = world.restore("r", namespace)?.status;
      return status?.phase === phase ? status : undefined;
    });
  const seedPod = (statuses: NonNullable<Pod["status"]>["containerStatuses"] = []) => {
    const pod: Pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "again",
        namespace: "default",
        uid: "uid-again",
        annotations: { [annotations.restore]: restoreUID },
      },
      spec: { nodeName, containers: [] },
      status: { phase: "Running", containerStatuses: statuses },
    };
    world.kube.seed(pod);
  };
  const running = ["main", "side"].map((name) => ({
    name,
    containerID: `containerd://${name}-id`,
    state: { running: {} },
  }));
  const removePod = () => world.kube.remove(pods, { name: "again", namespace: "default" });

  it("J1 stages the verified checkpoint, bound to namespace, pod and containers", async () => {
    world.addRestore("r", id);
    const status = await phaseOf("Staged");
    expect(status.podTemplate?.metadata.labels).toEqual({ app: "counter" });
    const record = JSON.parse(await readFile(join(staged(), "record.json"), "utf8")) as object;
    expect(record).toMatchObject({
      uid: restoreUID,
      namespace: "default",
      podName: "again",
      sourcePodIPs: ["10.244.1.7"],
      containers: ["main", "side"],
    });
    const pages = await readFile(join(staged(), "containers/side/checkpoint/pages-1.img"));
    expect(pages.equals(memory.get("side")!)).toBe(true);
  });

  it("completes when all containers go on, and keeps only the record until the pod is gone", async () => {
    world.addRestore("r", id);
    await phaseOf("Staged");
    await world.writeState("main", { state: "restored", restoreMilliseconds: 120 });
    seedPod(running);
    expect(await phaseOf("Restoring")).toMatchObject({ podUID: "uid-again" });
    await world.writeState("side", { state: "restored", restoreMilliseconds: 80 });
    const status = await phaseOf("Completed");
    expect(status.containers).toEqual([
      { name: "main", restoreMilliseconds: 120 },
      { name: "side", restoreMilliseconds: 80 },
    ]);
    expect(await readdir(join(staged(), "containers/main"))).toEqual(["state.json"]);
    expect(await readdir(staged())).toContain("record.json");
    await removePod();
    await until(
      "the record goes",
      async () => (await readdir(world.folder("restores"))).length === 0,
    );
  });

  it("refuses a pod whose image is another one than was checkpointed", async () => {
    world.addRestore("r", id);
    const staged = await phaseOf("Staged");
    expect(staged.hints?.join()).toContain("without a digest of its repository");
    await world.writeState("main", { state: "restored" });
    const imageID = `sha256:${"34".repeat(32)}`;
    seedPod(running.map((one) => ({ ...one, image: "busybox:1", imageID })));
    const status = await phaseOf("Failed");
    expect(status.error).toMatchObject({
      code: "refused",
      message: expect.stringMatching(
        /main was checkpointed from image sha256:12.*busybox:1 is/,
      ) as string,
    });
  });

  it("fails with the decisive lines of the helper, removes the images and leaves the checkpoint", async () => {
    world.addRestore("r", id);
    await phaseOf("Staged");
    seedPod();
    const error = {
      code: "criu",
      message: "it broke",
      hint: "mend it",
      logLines: ["Error (x): y"],
    };
    await world.writeState("main", { state: "failed", error });
    const status = await phaseOf("Failed");
    expect(status.error).toEqual({
      code: "criu",
      message: "container main: it broke",
      hint: "mend it",
      logLines: ["Error (x): y"],
    });
    expect(await readdir(join(staged(), "containers/side"))).toEqual([]);
    expect(world.store.objects.size).toBe(5);
    await removePod();
    await until(
      "the record goes",
      async () => (await readdir(world.folder("restores"))).length === 0,
    );
  });

  it("fails when the restored process ends at once", async () => {
    world.addRestore("r", id);
    await phaseOf("Staged");
    for (const name of ["main", "side"]) await world.writeState(name, { state: "restored" });
    const ended = { exitCode: 139, containerID: "containerd://main-id" };
    seedPod([{ name: "main", state: { terminated: ended } }, running[1]!]);
    expect((await phaseOf("Failed")).error?.message).toContain("exit code 139");
  });

  it("fails when the pod is deleted before it goes on", async () => {
    world.addRestore("r", id);
    await phaseOf("Staged");
    seedPod();
    await phaseOf("Restoring");
    await removePod();
    expect((await phaseOf("Failed")).error?.message).toContain("deleted");
    await until(
      "the folder goes",
      async () => (await readdir(world.folder("restores"))).length === 0,
    );
  });

  it("J6 follows a staged Restore on after a restart and sweeps foreign folders", async () => {
    world.addRestore("r", id);
    await phaseOf("Staged");
    await agent.stop();
    for (const name of ["main", "side"]) await world.writeState(name, { state: "restored" });
    seedPod(running);
    agent = world.start();
    await phaseOf("Completed");
    await world.kube.remove(restores, { name: "r", namespace: "default" });
    await agent.stop();
    await removePod();
    agent = world.start();
    await until("the sweep", async () => (await readdir(world.folder("restores"))).length === 0);
  });

  it("refuses another namespace unless the checkpoint's owner allows it", async () => {
    world.addRestore("r", id, { namespace: "other" });
    const status = await phaseOf("Failed", "other");
    expect(status.error).toMatchObject({ code: "denied" });
    expect(status.error?.hint).toContain(`${annotations.restoreFrom}=other`);
    expect(await readdir(world.folder("restores"))).toEqual([]);
  });

  it("lets a namespace restore that the checkpoint's owner has named", async () => {
    const metadata = { annotations: { [annotations.restoreFrom]: "third, other" } };
    await world.kube.patch(checkpoints, { name: id, namespace: "default" }, { metadata });
    world.addRestore("r", id, { namespace: "other" });
    await phaseOf("Staged", "other");
  });

  it("refuses a stored frame that was changed, by its name, and leaves nothing staged", async () => {
    const key = `default/counter/${id}/side.tar.zst`;
    const bytes = world.store.objects.get(key)!;
    bytes[bytes.length >> 1]! ^= 1;
    world.addRestore("r", id);
    const status = await phaseOf("Failed");
    expect(status.error).toMatchObject({ code: "integrity" });
    expect(status.error?.message).toContain("side.tar.zst");
    expect(await readdir(world.folder("restores"))).toEqual([]);
  });

  it.each([
    ["architecture", { architecture: "arm64" }, /architecture/],
    ["CPU features", { cpuFeatures: ["sse4_2"] }, /lacks avx/],
    ["cgroup version", { cgroupVersion: 2 as const }, /cgroup version/],
    ["CRIU for the kernel", { criuVersion: "4.1.0" }, /CRIU 4.1.0/],
    ["no handler", { handlerReady: false }, /runtime handler/],
  ])("refuses a node that does not fit: %s", async (_what, difference, text) => {
    const { facts } = world;
    world.facts = () => ({ ...facts(), ...difference });
    world.addRestore("r", id);
    const status = await phaseOf("Failed");
    expect(status.error?.code).toBe("unsupported");
    expect(status.error?.message).toMatch(text);
    expect(status.error?.hint).not.toBe("");
  });
});
