import { afterAll, beforeAll, expect, it } from "vitest";
import { counterPod, pythonPod } from "#test/e2e/pods";
import {
  checkpointView,
  counts,
  deletePod,
  eventually,
  lab,
  startPod,
  startProgram,
} from "#test/e2e/scenario";
import { fixtureProgram } from "#test/lab/lab-cluster";

const cluster = lab();
const [first] = cluster.nodes;

beforeAll(() => startPod(cluster, counterPod({ name: "twice", node: first })));
afterAll(async () => {
  await deletePod(cluster, "twice");
  await deletePod(cluster, "large");
  await cluster.onNode(first, ["umount", "-l", "/var/lib/clouder/tmp"], { allowFailure: true });
});

it("J6: two checkpoints of one pod at once are taken one after the other, both whole", async () => {
  const both = await Promise.all(
    [1, 2].map(() => cluster.clouder(["checkpoint", "pod", "twice", "-o", "name"])),
  );
  const ids = both.map(({ stdout }) => stdout.trim().replace(/^.*\//, ""));
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    expect((await checkpointView(cluster, id)).status.phase).toBe("Completed");
  }
});

it("K1: a full disk under the dump gives a clear error, the pod runs on, and nothing is left", async () => {
  await startProgram(
    cluster,
    pythonPod(
      { name: "large", node: first, heapMB: 100 },
      await fixtureProgram("stateful-server.py"),
    ),
  );
  await cluster.onNode(first, [
    ...["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", "/var/lib/clouder/tmp"],
  ]);
  const { status, stderr } = await cluster.clouder(["checkpoint", "pod", "large"], {
    allowFailure: true,
  });
  await cluster.onNode(first, ["umount", "-l", "/var/lib/clouder/tmp"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/space/i);
  const { stdout } = await cluster.onNode(first, [
    ...["find", "/var/lib/clouder/spool", "/var/lib/kubelet/checkpoints", "-type", "f"],
  ]);
  expect(stdout).toBe("");
  const ready = await cluster.kubectl([
    ...["get", "pod", "large", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"],
  ]);
  expect(ready.stdout).toBe("0");
  const at = (await counts(cluster, "twice")).at(-1)!;
  await eventually("the other pod counts on", async () =>
    ((await counts(cluster, "twice")).at(-1) ?? 0) > at ? true : undefined,
  );
});
