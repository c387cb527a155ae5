import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { events, pods } from "#kube/resources";
import { annotations } from "#checkpoint/api/names";
import { checkpoints } from "#checkpoint/api/types";
import { readManifest } from "#checkpoint/archive/catalog";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { makeWorld, until, type World } from "#test/integration/checkpoint/agent-world";

const id = "20261121t040000z-abcde";
const second = "20261121t040001z-bcdfg";

describe("an agent with a Checkpoint of its node", () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.close());

  const ended = (name: string) =>
    until(`${name} ends`, () => {
      const found = world.checkpoint(name);
      const phase = found?.status?.phase;
      return phase === "Completed" || phase === "Failed" ? found?.status : undefined;
    });

  it("I1 stores all containers of a pod with one Checkpoint and leaves nothing on the node", async () => {
    world.addPod("counter", ["main", "side"]);
    world.addCheckpoint(id, "counter");
    const agent = world.start();
    const status = await ended(id);
    expect(status).toMatchObject({
      phase: "Completed",
      location: `memory://memory/default/counter/${id}/`,
    });
    expect(status.error).toBeUndefined();
    expect(status.containers?.map(({ name, way }) => [name, way])).toEqual([
      ["main", "plain"],
      ["side", "plain"],
    ]);
    expect(status.hints?.join()).toContain("not at one instant");
    const manifest = await readManifest(world.store, "default", "counter", id);
    expect(manifest.source).toMatchObject({
      clusterUID: "cluster-1",
      podUID: "uid-counter",
      podIPs: ["10.244.1.7"],
    });
    expect(manifest.compatibility).toMatchObject({ criuVersion: "4.2.1", kernel: "6.18.0" });
    expect(await world.leftovers()).toEqual([]);
    const note = await until("the annotation", () => {
      const pod = world.kube.peek(pods, { name: "counter", namespace: "default" });
      return pod?.metadata.annotations?.[annotations.lastCheckpoint];
    });
    expect(note).toBe(id);
    const told = await world.kube.list(events, { namespace: "default" });
    expect(told.map(({ reason, type }) => [reason, type])).toEqual([["Checkpointed", "Normal"]]);
    await agent.stop();
    expect(world.lines.join("\n")).not.toContain("very-secret-value");
  });

  it("puts diverted pages back in their place, so that the stored archive is whole", async () => {
    const { memory } = world.addPod("fast", ["main"], { runtimeClassName: "clouder" });
    world.addCheckpoint(id, "fast");
    const agent = world.start();
    const fast = await ended(id);
    expect(fast.containers?.[0]).toMatchObject({ way: "handler", frozenMilliseconds: 12 });
    expect(await world.leftovers()).toEqual([]);
    await agent.stop();
    const manifest = await readManifest(world.store, "default", "fast", id);
    const folder = world.folder("unpacked");
    await unpackContainerArchive({
      store: world.store,
      prefix: `default/fast/${id}/`,
      record: manifest.containers[0]!,
      folder,
    });
    const pages = await readFile(join(folder, "checkpoint/pages-1.img"));
    expect(pages.equals(memory.get("main")!)).toBe(true);
  });

  it("J6 serialises two Checkpoints of one pod", async () => {
    world.addPod("counter", ["main"]);
    world.kubelet.dumpMs = 150;
    world.addCheckpoint(id, "counter");
    world.addCheckpoint(second, "counter");
    const agent = world.start();
    const both = await Promise.all([ended(id), ended(second)]);
    expect(both.map(({ phase }) => phase)).toEqual(["Completed", "Completed"]);
    expect(world.kubelet.mostAtOnce()).toBe(1);
    await agent.stop();
  });

  it("tries once more when somebody else's dump of the container is under way", async () => {
    world.addPod("counter", ["main"]);
    let refusals = 1;
    world.kubelet.intercept = () => {
      refusals -= 1;
      const body = "checkpointing of default/counter/main failed (cannot pause a paused container)";
      return refusals < 0 ? undefined : { status: 500, body };
    };
    world.addCheckpoint(id, "counter");
    const agent = world.start();
    expect(await ended(id)).toMatchObject({ phase: "Completed" });
    expect(world.kubelet.calls).toHaveLength(2);
    await agent.stop();
  });

  it("I2 shows code, cause and cure of what the kubelet answers, as status and Event", async () => {
    world.addPod("counter", ["main"]);
    world.kubelet.intercept = () => ({
      status: 500,
      body: "checkpointing failed (rpc error: code = Unimplemented desc = unknown method CheckpointContainer)",
    });
    world.addCheckpoint(id, "counter");
    const agent = world.start();
    const status = await ended(id);
    expect(status.error).toMatchObject({ code: "unsupported" });
    expect(status.error?.hint).toContain("containerd 2.0");
    const told = await until("the event", async () => {
      const all = await world.kube.list(events, { namespace: "default" });
      return all.length > 0 ? all : undefined;
    });
    expect(told[0]?.type).toBe("Warning");
    expect(await world.leftovers()).toEqual([]);
    await agent.stop();
  });

  it("waits for a store that does not answer and then completes", async () => {
    world.addPod("counter", ["main"]);
    let down = 2;
    world.store.failWhen((operation) => {
      if (operation !== "put" || down === 0) return;
      down -= 1;
      throw new ClouderError("unreachable", "the store is down", { retryable: true });
    });
    world.addCheckpoint(id, "counter");
    const agent = world.start({ storePatienceMs: 8_000 });
    expect(await ended(id)).toMatchObject({ phase: "Completed" });
    expect(world.kubelet.calls).toHaveLength(1);
    await agent.stop();
  });

  it("fails clean when the store stays down: nothing on the node, nothing listed", async () => {
    world.addPod("counter", ["main", "side"]);
    let puts = 0;
    world.store.failWhen((operation, key) => {
      if (operation !== "put" || !key.includes("side")) return;
      puts += 1;
      throw new ClouderError("unreachable", "the store is down", { retryable: true });
    });
    world.addCheckpoint(id, "counter");
    const agent = world.start({ storePatienceMs: 0 });
    const status = await ended(id);
    expect(status).toMatchObject({ phase: "Failed", error: { code: "unreachable" } });
    expect(puts).toBeGreaterThan(0);
    expect(await world.leftovers()).toEqual([]);
    expect([...world.store.objects.keys()]).toEqual([]);
    await agent.stop();
  });

  it("J6 goes on after a restart in the middle of the upload without a second dump", async () => {
    const { memory } = world.addPod("counter", ["main"]);
    world.addCheckpoint(id, "counter");
    let hold = true;
    world.store.failWhen((operation) => {
      if (operation !== "put" || !hold) return;
      throw new ClouderError("unreachable", "the store is down", { retryable: true });
    });
    const first = world.start({ storePatienceMs: 60_000 });
    await until("the upload", () => world.checkpoint(id)?.status?.phase === "Uploading");
    await first.stop();
    expect(await readdir(world.folder("calls"))).toEqual([`uid-${id}.json`]);
    expect(world.checkpoint(id)?.status?.phase).toBe("Uploading");
    hold = false;
    const next = world.start();
    const status = await ended(id);
    expect(status.phase).toBe("Completed");
    expect(status.rawBytes).toBeGreaterThan(memory.get("main")!.length);
    expect(world.kubelet.calls).toHaveLength(1);
    expect(await world.leftovers()).toEqual([]);
    await next.stop();
  });

  it("J6 repeats a call that its predecessor's death has broken off and removes what that left", async () => {
    world.addPod("counter", ["main"]);
    world.addCheckpoint(id, "counter", { phase: "Checkpointing" });
    const called = Date.parse("2026-11-21T03:00:00Z");
    const foreign = "checkpoint-counter_default-main-2026-11-20T03:00:00Z.tar";
    const ours = "checkpoint-counter_default-main-2026-11-21T03:00:00Z.tar";
    for (const name of [foreign, ours]) await writeFile(join(world.kubelet.archives, name), "half");
    await mkdir(join(world.folder("spool"), "foreign"));
    const job = {
      uid: `uid-${id}`,
      id,
      storeName: "main",
      createdAt: "2026-11-21T03:00:00Z",
      source: {
        clusterUID: "cluster-1",
        namespace: "default",
        pod: "counter",
        podUID: "uid-counter",
        nodeName: "node1",
        podIPs: [],
      },
      template: { metadata: {}, spec: { containers: [] } },
      containers: [
        {
          name: "main",
          containerID: "countermain".padEnd(64, "0"),
          image: "busybox",
          imageID: "sha256:1",
          way: "plain",
          callTimes: [called],
        },
      ],
    };
    await writeFile(join(world.folder("calls"), `uid-${id}.json`), JSON.stringify(job));
    const agent = world.start();
    expect(await ended(id)).toMatchObject({ phase: "Completed" });
    await until("the sweep", async () => (await readdir(world.folder("spool"))).length === 0);
    expect(await world.leftovers()).toEqual([foreign]);
    await agent.stop();
  });

  it("ends a job whose Checkpoint is deleted and lets the object go", async () => {
    world.addPod("counter", ["main"]);
    world.addCheckpoint(id, "counter");
    let hold = true;
    world.store.failWhen((operation) => {
      if (operation !== "put" || !hold) return;
      throw new ClouderError("unreachable", "the store is down", { retryable: true });
    });
    const agent = world.start({ storePatienceMs: 60_000 });
    await until("the upload", () => world.checkpoint(id)?.status?.phase === "Uploading");
    await world.kube.remove(checkpoints, { name: id, namespace: "default" });
    hold = false;
    await until("the object goes", () => world.checkpoint(id) === undefined);
    expect(await world.leftovers()).toEqual([]);
    expect(world.store.objects.size).toBe(0);
    await agent.stop();
  });

  it("removes the stored data of a deleted Checkpoint before it lets the object go", async () => {
    world.addPod("counter", ["main"]);
    world.addCheckpoint(id, "counter");
    const agent = world.start();
    await ended(id);
    expect(world.store.objects.size).toBe(3);
    await world.kube.remove(checkpoints, { name: id, namespace: "default" });
    await until("the object goes", () => world.checkpoint(id) === undefined);
    expect(world.store.objects.size).toBe(0);
    await agent.stop();
  });

  it("K1 refuses a dump for which the node has no room", async () => {
    world.addPod("counter", ["main"], {
      containers: [{ name: "main", image: "busybox", resources: { limits: { memory: "900Pi" } } }],
    });
    world.addCheckpoint(id, "counter");
    const agent = world.start();
    const status = await ended(id);
    expect(status.error).toMatchObject({ code: "no-space" });
    expect(world.kubelet.calls).toEqual([]);
    await agent.stop();
  });
});
