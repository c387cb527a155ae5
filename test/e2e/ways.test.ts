import { afterAll, expect, it } from "vitest";
import { counterPod, pythonPod } from "#test/e2e/pods";
import {
  checkpoint,
  checkpointView,
  counts,
  deletePod,
  eventually,
  lab,
  nodeOf,
  startPod,
  startProgram,
} from "#test/e2e/scenario";
import { fixtureProgram } from "#test/lab/lab-cluster";

const cluster = lab();
const [first, second] = cluster.nodes;

afterAll(async () => {
  for (const name of ["slow", "thawed", "stopped"]) await deletePod(cluster, name);
});

it("a pod on the default runtime class goes the plain way, with a hint, and is restored all the same", async () => {
  await startPod(cluster, counterPod({ name: "slow", node: second, runtimeClass: false }));
  await eventually("it counts", async () =>
    (await counts(cluster, "slow")).length > 5 ? true : undefined,
  );
  const id = await checkpoint(cluster, "slow");
  const { status } = await checkpointView(cluster, id);
  expect(status.containers[0]?.way).toBe("plain");
  expect((status.hints ?? []).join("\n")).toMatch(/runtime ?class/i);
  await deletePod(cluster, "slow");
  await cluster.clouder(["restore", "pod", id, "--node", first]);
  const seen = await eventually("it goes on", async () => {
    const numbers = await counts(cluster, "slow");
    return numbers.length > 0 ? numbers : undefined;
  });
  expect(seen[0]).toBeGreaterThan(4);
});

it("early thaw and diverted pages: files of the writable layer and the heap come back", async () => {
  await startProgram(
    cluster,
    pythonPod(
      { name: "thawed", node: first, heapMB: 200 },
      await fixtureProgram("stateful-server.py"),
    ),
  );
  const inPod = (script: string) =>
    cluster.kubectl(["exec", "thawed", "--", "python3", "-c", script]);
  await inPod("import os; open('/tmp/new', 'w').write('new'); os.unlink('/etc/debian_version')");
  const id = await checkpoint(cluster, "thawed");
  const { status } = await checkpointView(cluster, id);
  const [container] = status.containers;
  expect(container?.way).toBe("handler");
  expect(container!.frozenMilliseconds).toBeGreaterThan(0);
  expect(status.rawBytes).toBeGreaterThan(200 * 2 ** 20);
  const { stdout } = await cluster.onNode(first, [
    ...["find", "/var/lib/clouder/spool", "/var/lib/kubelet/checkpoints", "/var/lib/clouder/tmp"],
    ...["-type", "f"],
  ]);
  expect(stdout).toBe("");
  await deletePod(cluster, "thawed");
  await cluster.clouder(["restore", "pod", id, "--node", second]);
  const { stdout: files } = await inPod(
    "import os; print(open('/tmp/new').read(), os.path.exists('/etc/debian_version'))",
  );
  expect(files).toBe("new False\n");
  const staged = await cluster.onNode(second, [
    ...["find", "/var/lib/clouder/restores", "-name", "pages-*.img"],
  ]);
  expect(staged.stdout).toBe("");
});

it("--stop deletes the pod once the checkpoint is stored, and the annotation names it before", async () => {
  await startPod(cluster, counterPod({ name: "stopped", node: first }));
  const id = await checkpoint(cluster, "stopped");
  const { stdout } = await cluster.kubectl(["get", "pod", "stopped", "-o", "json"]);
  expect(stdout).toContain(id);
  const { stdout: events } = await cluster.kubectl(["get", "events", "-o", "json"]);
  expect(events).toContain(id);
  await checkpoint(cluster, "stopped", ["--stop"]);
  const { status } = await cluster.kubectl(["get", "pod", "stopped"], { allowFailure: true });
  expect(status).toBe(1);
  await cluster.clouder(["restore", "pod", "stopped", "--node", second]);
  expect(await nodeOf(cluster, "stopped")).toBe(second);
});

it("K2: list, show and delete work, and delete leaves no object in the store", async () => {
  const id = await checkpoint(cluster, "stopped");
  const list = await cluster.clouder(["checkpoint", "list", "-o", "json"]);
  expect(list.stdout).toContain(id);
  const show = await cluster.clouder(["checkpoint", "show", id]);
  expect(show.stdout).toMatch(/frozen/i);
  expect(show.stdout).toContain(`s3://checkpoints/s3/default/stopped/${id}`);
  await cluster.clouder(["checkpoint", "delete", id, "--yes"]);
  const { status } = await cluster.kubectl(["get", "checkpoint", id], { allowFailure: true });
  expect(status).toBe(1);
  const gone = await cluster.clouder(["checkpoint", "list", "--store", "s3", "-o", "json"], {
    allowFailure: true,
  });
  expect(gone.stdout).not.toContain(id);
});
