import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pythonPod } from "#test/e2e/pods";
import {
  checkpoint,
  checkpointView,
  deletePod,
  eventually,
  lab,
  programState,
  startProgram,
} from "#test/e2e/scenario";
import { createS3Store, fixtureProgram, s3Credentials } from "#test/lab/lab-cluster";
import { startS3Server, type ServerHandle } from "#test/lab/s3-server";

const cluster = lab();
const [first, second] = cluster.nodes;
const folder = join(cluster.home, "s3-faulty");
let server: ServerHandle;
const start = (port?: number) =>
  startS3Server({
    address: cluster.gateway,
    ...(port === undefined ? {} : { port }),
    folder,
    accessKey: s3Credentials.accessKeyId,
    secretKey: s3Credentials.secretAccessKey,
  });

beforeAll(async () => {
  await mkdir(join(folder, "checkpoints"), { recursive: true });
  server = await start();
  await createS3Store(cluster, "faulty", server.endpoint);
  await startProgram(
    cluster,
    pythonPod(
      { name: "heavy", node: first, heapMB: 600 },
      await fixtureProgram("stateful-server.py"),
    ),
  );
});
afterAll(async () => {
  await deletePod(cluster, "heavy");
  await server.stop();
  await cluster.clouder(["store", "delete", "faulty", "--yes"]);
});

const newest = async () => {
  const { stdout } = await cluster.kubectl(["get", "checkpoints", "-o", "name"]);
  return stdout.trim().split("\n").at(-1)!.replace(/^.*\//, "");
};

it("a store that goes away in the middle of an upload and comes back costs nothing but time", async () => {
  await cluster.clouder(["checkpoint", "pod", "heavy", "--store", "faulty", "--no-wait"]);
  const id = await newest();
  await eventually("the upload begins", async () =>
    (await checkpointView(cluster, id)).status.phase === "Uploading" ? true : undefined,
  );
  const port = Number(new URL(server.endpoint).port);
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  server = await start(port);
  const view = await eventually(
    "the checkpoint completes",
    async () => {
      const now = await checkpointView(cluster, id);
      return ["Completed", "Failed"].includes(now.status.phase) ? now : undefined;
    },
    180_000,
  );
  expect(view.status.phase).toBe("Completed");
});

it("the agent killed in the middle of an upload: the next one finishes it or fails it clean", async () => {
  await cluster.clouder(["checkpoint", "pod", "heavy", "--store", "faulty", "--no-wait"]);
  const id = await newest();
  await eventually("the upload begins", async () =>
    (await checkpointView(cluster, id)).status.phase === "Uploading" ? true : undefined,
  );
  await cluster.onNode(first, ["pkill", "-9", "-f", "bin/[c]louder-agent"]);
  const view = await eventually(
    "the checkpoint ends",
    async () => {
      const now = await checkpointView(cluster, id);
      return ["Completed", "Failed"].includes(now.status.phase) ? now : undefined;
    },
    180_000,
  );
  const { stdout } = await cluster.onNode(first, [
    ...["find", "/var/lib/clouder/spool", "/var/lib/kubelet/checkpoints", "-type", "f"],
  ]);
  expect(stdout).toBe("");
  if (view.status.phase === "Completed") {
    await deletePod(cluster, "heavy");
    await cluster.clouder(["restore", "pod", id, "--node", second]);
    expect((await programState(cluster, "heavy")).loopback).toBe("ping");
  } else {
    expect(view.status.error?.message).toBeTruthy();
  }
});

it("J4: a corrupted frame is refused with its name, no pod is left, and the checkpoint stays", async () => {
  const id = await checkpoint(cluster, "heavy", ["--store", "faulty"]);
  const stored = join(folder, "checkpoints/faulty/default/heavy", id);
  const archive = (await readdir(stored)).find((name) => name.endsWith(".tar.zst"))!;
  const file = await open(join(stored, archive), "r+");
  const { size } = await file.stat();
  const block = Buffer.alloc(64);
  const at = Math.floor(size / 2);
  await file.read(block, 0, 64, at);
  await file.write(Buffer.from(block.map((byte) => byte ^ 0xff)), 0, 64, at);
  await file.close();
  await deletePod(cluster, "heavy");
  const { status, stderr } = await cluster.clouder(["restore", "pod", id, "--node", second], {
    allowFailure: true,
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/server\.tar\.zst/);
  expect(stderr).toMatch(/frame \d+/);
  const pod = await cluster.kubectl(["get", "pod", "heavy"], { allowFailure: true });
  expect(pod.status).toBe(1);
  expect((await checkpointView(cluster, id)).status.phase).toBe("Completed");
  const { stdout } = await cluster.onNode(second, [
    ...["find", "/var/lib/clouder/restores", "-name", "pages-*.img"],
  ]);
  expect(stdout).toBe("");
});
