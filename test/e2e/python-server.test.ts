import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pythonPod } from "#test/e2e/pods";
import {
  checkpoint,
  deletePod,
  eventually,
  lab,
  programState,
  type ProgramState,
  startProgram,
} from "#test/e2e/scenario";
import { fixtureProgram } from "#test/lab/lab-cluster";

const cluster = lab();
const [first, second] = cluster.nodes;
const outsideConnections = new Set<Socket>();
let outside: Server;
let before: ProgramState;

beforeAll(async () => {
  outside = createServer((socket) => {
    outsideConnections.add(socket);
    socket.on("error", () => undefined).on("close", () => outsideConnections.delete(socket));
  });
  await new Promise<void>((resolve) => outside.listen(0, cluster.gateway, resolve));
});
afterAll(async () => {
  await deletePod(cluster, "server");
  for (const socket of outsideConnections) socket.destroy();
  outside.close();
});

it("J2: a 500 MB Python server comes back whole on another node: heap, threads, files, connections", async () => {
  const { port } = outside.address() as { port: number };
  await startProgram(
    cluster,
    pythonPod(
      { name: "server", node: first, heapMB: 500, outside: `${cluster.gateway}:${port}` },
      await fixtureProgram("stateful-server.py"),
    ),
  );
  before = await eventually("the server is connected", async () => {
    const state = await programState(cluster, "server", "/heap");
    return state.outside === "connected" ? state : undefined;
  });
  const id = await checkpoint(cluster, "server");
  await deletePod(cluster, "server");
  await cluster.clouder(["restore", "pod", id, "--node", second]);

  const after = await programState(cluster, "server", "/heap");
  expect(after.heap).toBe(before.heap);
  expect(after.count).toBeGreaterThanOrEqual(before.count);
  expect(after.loopback).toBe("ping");
  expect(after.kept).toBe("kept-before");
  expect(after.deleted).toBe("deleted-before");
  expect(after.threads).toBeGreaterThanOrEqual(3);
});

it("ends a connection to another host at once, so that the program reconnects", async () => {
  const state = await eventually("the program reconnects", async () => {
    const now = await programState(cluster, "server");
    return now.outside_connects > before.outside_connects && now.outside === "connected"
      ? now
      : undefined;
  });
  expect(state.outside_connects).toBe(before.outside_connects + 1);
  const { stdout } = await cluster.kubectl([
    "get",
    "pod",
    "server",
    "-o",
    "jsonpath={.status.podIP}",
  ]);
  const { stdout: table } = await cluster.kubectl([
    "exec",
    "server",
    "--",
    "cat",
    "/proc/net/fib_trie",
  ]);
  const local = [...table.matchAll(/-- ([0-9.]+)\n\s+\/32 host LOCAL/g)].map((match) => match[1]);
  expect(new Set(local)).toEqual(new Set(["127.0.0.1", stdout]));
});

it("a restored pod can be checkpointed and restored again", async () => {
  const { heap, count } = await programState(cluster, "server", "/heap");
  const id = await checkpoint(cluster, "server");
  await deletePod(cluster, "server");
  await cluster.clouder(["restore", "pod", id, "--node", first]);
  const again = await programState(cluster, "server", "/heap");
  expect(again.heap).toBe(heap);
  expect(again.count).toBeGreaterThanOrEqual(count);
});
