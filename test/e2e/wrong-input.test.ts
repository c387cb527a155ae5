import { afterAll, beforeAll, expect, it } from "vitest";
import { counterPod } from "#test/e2e/pods";
import { checkpoint, deletePod, kubeconfigOf, lab, startPod } from "#test/e2e/scenario";

const cluster = lab();
const [first, second] = cluster.nodes;

beforeAll(() => startPod(cluster, counterPod({ name: "plain", node: first })));
afterAll(async () => {
  await deletePod(cluster, "plain");
  await cluster.kubectl(["delete", "serviceaccount/nobody", "--ignore-not-found"]);
});

async function refused(args: readonly string[]): Promise<{ status: number; stderr: string }> {
  const { status, stderr, stdout } = await cluster.clouder(args, { allowFailure: true });
  expect(stdout).toBe("");
  return { status, stderr };
}

it("names a pod that does not exist, and creates nothing", async () => {
  const { status, stderr } = await refused(["checkpoint", "pod", "palin"]);
  expect(status).toBe(1);
  expect(stderr).toContain("palin");
  expect(stderr).toContain("default");
  const { stdout } = await cluster.kubectl(["get", "checkpoints", "-o", "name"]);
  expect(stdout).not.toContain("palin");
});

it("names a container that does not exist and those that do", async () => {
  const { status, stderr } = await refused(["checkpoint", "pod", "plain", "-c", "nope"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/nope/);
  expect(stderr).toMatch(/\bc\b/);
});

it("names a store, a checkpoint and a node that do not exist", async () => {
  expect((await refused(["checkpoint", "pod", "plain", "--store", "moon"])).stderr).toMatch(/moon/);
  expect((await refused(["restore", "pod", "20200101t000000z-aaaaa"])).stderr).toMatch(
    /20200101t000000z-aaaaa/,
  );
  const id = await checkpoint(cluster, "plain");
  const { status, stderr } = await refused(["restore", "pod", id, "--node", "mars", "--replace"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/mars/);
  const { stdout } = await cluster.kubectl(["get", "pod", "plain", "-o", "name"]);
  expect(stdout).toBe("pod/plain\n");
});

it("refuses to restore over a living pod without --replace", async () => {
  const id = await checkpoint(cluster, "plain");
  const { status, stderr } = await refused(["restore", "pod", id, "--node", second]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/--replace|--name/);
});

it("ends with 2 on a wrong flag and offers help", async () => {
  const { status, stderr } = await refused(["checkpoint", "pod", "plain", "--stroe", "x"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/stroe/);
});

it("says which right is missing when a user may not create checkpoints", async () => {
  await cluster.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody" } });
  const { file, token } = await kubeconfigOf(cluster, "nobody");
  const { status, stderr } = await refused([
    ...["checkpoint", "pod", "plain", "--kubeconfig", file],
  ]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/nobody/);
  expect(stderr).not.toContain(token);
});
