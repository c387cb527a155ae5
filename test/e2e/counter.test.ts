import { afterAll, expect, it } from "vitest";
import { counterPod } from "#test/e2e/pods";
import {
  checkpoint,
  checkpointView,
  counts,
  deletePod,
  eventually,
  lab,
  nodeOf,
  startPod,
} from "#test/e2e/scenario";

const cluster = lab();
const [first, second] = cluster.nodes;

afterAll(() => deletePod(cluster, "counter"));

it("F9 I1 J1 J2: a counter kept in a shell variable goes on, on another node, with the source pod gone", async () => {
  await startPod(cluster, counterPod({ name: "counter", node: first }));
  await eventually("the counter reaches 10", async () =>
    ((await counts(cluster, "counter")).at(-1) ?? 0) >= 10 ? true : undefined,
  );

  const id = await checkpoint(cluster, "counter");
  const atCheckpoint = (await counts(cluster, "counter")).at(-1)!;
  expect(await checkpointView(cluster, id)).toMatchObject({
    status: { phase: "Completed", nodeName: first, containers: [{ name: "c", way: "handler" }] },
  });
  await deletePod(cluster, "counter");

  await cluster.clouder(["restore", "pod", id, "--node", second]);
  expect(await nodeOf(cluster, "counter")).toBe(second);
  const [after] = await eventually("the counter prints", async () => {
    const seen = await counts(cluster, "counter");
    return seen.length > 0 ? seen : undefined;
  });
  expect(after).toBeGreaterThanOrEqual(10);
  expect(after).toBeLessThanOrEqual(atCheckpoint + 1);
});

it("J1: restores on the same node as well, by the pod's name", async () => {
  await deletePod(cluster, "counter");
  await cluster.clouder(["restore", "pod", "counter", "--node", first]);
  expect(await nodeOf(cluster, "counter")).toBe(first);
  const seen = await eventually("the counter prints", async () => {
    const numbers = await counts(cluster, "counter");
    return numbers.length > 2 ? numbers : undefined;
  });
  expect(seen[0]).toBeGreaterThanOrEqual(10);
});

it("a restart after the restore starts fresh and does not restore again", async () => {
  await cluster.kubectl(["exec", "counter", "--", "touch", "/tmp/exit"]);
  await eventually("the container restarts", async () => {
    const { stdout } = await cluster.kubectl([
      ...["get", "pod", "counter", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"],
    ]);
    return Number(stdout) >= 1 ? true : undefined;
  });
  const seen = await eventually("the counter starts again", async () => {
    const numbers = await counts(cluster, "counter");
    return numbers.length > 0 ? numbers : undefined;
  });
  expect(seen[0]).toBe(1);
});
