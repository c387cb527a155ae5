import { afterAll, beforeAll, expect, it } from "vitest";
import { counterPod } from "#test/e2e/pods";
import {
  checkpoint,
  counts,
  deletePod,
  eventually,
  lab,
  nodeOf,
  startPod,
} from "#test/e2e/scenario";
import { useOtherContainerd } from "#test/lab/other-containerd";

const cluster = lab();
const [first, second] = cluster.nodes;
const runtimeOf = async (node: string) => {
  const path = "jsonpath={.status.nodeInfo.containerRuntimeVersion}";
  return (await cluster.kubectl(["get", "node", node, "-o", path])).stdout;
};
let other: Awaited<ReturnType<typeof useOtherContainerd>>;

beforeAll(async () => {
  other = await useOtherContainerd(cluster, second);
  await eventually(
    "the kubelet sees the other containerd",
    async () => ((await runtimeOf(second)).endsWith(other.version) ? true : undefined),
    120_000,
  );
}, 600_000);
afterAll(async () => {
  await deletePod(cluster, "traveller");
  await other.undo();
});

it("a pod goes from the newest containerd to an older one and back again", async () => {
  expect(await runtimeOf(first)).not.toBe(await runtimeOf(second));
  await startPod(cluster, counterPod({ name: "traveller", node: first }));
  let least = 10;
  for (const target of [second, first]) {
    await eventually("it counts", async () =>
      ((await counts(cluster, "traveller")).at(-1) ?? 0) >= least ? true : undefined,
    );
    const id = await checkpoint(cluster, "traveller");
    await deletePod(cluster, "traveller");
    await cluster.clouder(["restore", "pod", id, "--node", target]);
    expect(await nodeOf(cluster, "traveller")).toBe(target);
    const [next] = await eventually("it goes on", async () => {
      const seen = await counts(cluster, "traveller");
      return seen.length > 0 ? seen : undefined;
    });
    expect(next).toBeGreaterThanOrEqual(least);
    least = next! + 10;
  }
});
